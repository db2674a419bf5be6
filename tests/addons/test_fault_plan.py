"""Plans of faults in a running proxy: given as an option, read again, armed by command."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from mitmproxy import exceptions
from mitmproxy.test import taddons

from addons.fault_plan import StreamidFaults
from addons.injector import Injector
from contract.profile import Profile, builtin_toml
from tests.injection.service import ScriptedService
from tests.injection.wire import Received, ask
from tests.support.proxy import Proxy, ProxyError

CHAT = Profile.from_toml(builtin_toml("chat"), "chat.toml")
PLAN = """
[[fault]]
kind = "strip-header"
names = ["X-One"]

[[fault]]
kind = "set-header"
header = "X-Two"
value = "changed"
armed = false
"""
ANSWER = b"HTTP/1.1 200 OK\r\nX-One: 1\r\nX-Two: 2\r\nContent-Length: 2\r\n\r\nok"
REQUEST = b"GET / HTTP/1.1\r\nHost: test\r\nX-Case: any\r\n\r\n"


@pytest.fixture
def faults() -> StreamidFaults:
    made = StreamidFaults(Injector(lambda entry: None, lambda: 0))
    made.set_up("", None, CHAT)
    return made


def test_commands_load_list_arm_and_disarm(faults: StreamidFaults, tmp_path: Path) -> None:
    plan = tmp_path / "plan.toml"
    plan.write_text(PLAN)
    with taddons.context(faults) as context:
        call = context.master.commands.execute
        assert call("streamid.faults.list") == ["no faults: load a plan with streamid.faults.plan"]
        told = call(f"streamid.faults.plan {plan}")
        assert told[0] == str(plan)
        assert [line.split()[:2] for line in told[1:]] == [
            ["strip-header", "armed"],
            ["set-header", "disarmed"],
        ]
        call("streamid.faults.arm set-header")
        assert faults.armed == ["strip-header", "set-header"]
        call("streamid.faults.disarm")
        assert faults.armed == []
        assert not faults.injector.is_armed
        call("streamid.faults.arm")
        assert faults.armed == ["strip-header", "set-header"]
        with pytest.raises(
            exceptions.CommandError, match=r"no fault 'nothing'; there are: strip-header, set-header"
        ):
            call("streamid.faults.arm nothing")
        assert call("streamid.faults.plan")[0] == str(plan)
        with pytest.raises(exceptions.CommandError, match="strip-everything"):
            call("streamid.faults.plan strip-everything")
        assert faults.armed == ["strip-header", "set-header"]
        assert call("streamid.faults.plan off")[0] == "no plan"
        assert faults.injector.loaded == []


def test_presets_are_loaded_by_name(faults: StreamidFaults) -> None:
    faults.plan("strip-streaming-id, idle-60s(after=2 s)")
    assert faults.armed == ["strip-streaming-id", "idle-60s"]


def test_a_fault_that_is_in_the_plan_as_before_goes_on_counting(tmp_path: Path) -> None:
    faults = StreamidFaults(Injector(lambda entry: None, lambda: 0))
    plan = tmp_path / "plan.toml"
    plan.write_text(PLAN)
    faults.set_up(str(plan), None, CHAT)
    first, second = faults.injector.loaded
    plan.write_text(PLAN.replace('"changed"', '"otherwise"'))
    faults.plan(str(plan))
    assert faults.injector.loaded[0] is first
    assert faults.injector.loaded[1] is not second
    plan.write_text(f"seed = 9\n{PLAN}")
    faults.plan(str(plan))
    assert faults.injector.loaded[0] is not first


@pytest.fixture
def service() -> Iterator[ScriptedService]:
    made = ScriptedService({"any": [(ANSWER,)]})
    with made.server:
        yield made


def got(proxy: Proxy) -> list[bytes]:
    received: Received = ask(proxy.port, REQUEST)
    return received.fields


def test_the_file_is_read_again_when_it_changes_and_a_bad_edit_changes_nothing(
    service: ScriptedService, tmp_path: Path
) -> None:
    plan = tmp_path / "plan.toml"
    plan.write_text(PLAN)
    options = {"streamid_faults": str(plan)}
    with Proxy(f"reverse:{service.server.url}", options=options, folder=tmp_path) as proxy:
        assert "faults     ARMED: strip-header\n" in proxy.log()
        assert got(proxy) == [b"X-Two: 2"]
        plan.write_text(PLAN.replace("armed = false", ""))
        proxy.wait_for("was read again: ARMED: strip-header, set-header")
        assert got(proxy) == [b"X-Two: changed"]
        plan.write_text(PLAN.replace('kind = "set-header"', 'kind = "set-heather"'))
        log = proxy.wait_for("the old one stays")
        assert f"{plan}:7: fault[1].kind: " in log
        assert "did you mean set-header?" in log
        assert got(proxy) == [b"X-Two: changed"]
        plan.unlink()
        time.sleep(0.7)
        assert got(proxy) == [b"X-Two: changed"]
        plan.write_text(PLAN)
        proxy.wait_for("was read again: ARMED: strip-header\n")
        assert got(proxy) == [b"X-Two: 2"]


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("no-such-preset", "streamid_faults: there is no preset 'no-such-preset'"),
        ("no/such/file.toml", "streamid_faults: no/such/file.toml: "),
    ],
)
def test_what_cannot_be_a_plan_stops_start_up_in_one_line(value: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(ProxyError) as error, Proxy(options={"streamid_faults": value}, folder=tmp_path):
        pass
    assert told in str(error.value)
    assert "Traceback" not in str(error.value)
    assert not (tmp_path / "recording.db").exists()


def test_a_seed_that_is_none_stops_start_up(tmp_path: Path) -> None:
    with (
        pytest.raises(ProxyError, match="streamid_seed: 'x' is no whole number"),
        Proxy(options={"streamid_seed": "x"}, folder=tmp_path),
    ):
        pass
