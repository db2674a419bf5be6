"""Probes of the lab's chat service in this process."""

import time
from random import Random

from contract.profile import Profile, builtin
from lab.processes import Lab
from replay.probing.client import Limits
from replay.probing.making import Target
from replay.probing.probing import Probing, Settings
from replay.probing.report import ProbeReport
from replay.probing.requests import Value
from replay.probing.steps import Step, planned
from tests.support.lab import user

ORIGIN = "http://localhost:8080"
CHAT = builtin("chat")


def target(lab: Lab, url: str, *, users: int = 1, origin: str = ORIGIN, profile: Profile = CHAT) -> Target:
    values: dict[str, Value] = {
        "chat": url,
        "auth": f"{lab.authentication_url}/api",
        "title": "a probe",
        "message": "Tell me",
        "model": None,
    }
    names = ("user1", "user2")[:users]
    return Target(
        profile, values, tuple({"username": name, "password": user(name).password} for name in names), origin
    )


def steps(to: Target) -> list[Step]:
    return planned(
        to.profile,
        origin=to.origin,
        users=len(to.users),
        now_ms=time.time_ns() // 1_000_000,
        random=Random(1),
    )


QUICK = Settings(limits=Limits(seconds=20.0), wait=0.4)


async def probed(to: Target, settings: Settings = QUICK) -> ProbeReport:
    probing = Probing(to, settings)
    await probing.run(steps(to))
    return probing.report(str(to.values["chat"]))


def labels(report: ProbeReport) -> set[str]:
    """For example `CO402`, `SV304:warning`, `HT601?`; a plain code is an error."""
    found = set()
    for each in report.findings:
        severity = "" if each.severity == "error" else f":{each.severity}"
        found.add(f"{each.code}?" if each.verdict == "inconclusive" else f"{each.code}{severity}")
    return found
