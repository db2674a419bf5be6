"""A baseline: the defects of a service that are known already, as a file that is kept beside its code.

A defect is known by its code, the side, the route and the message, without the values that differ from run
to run. So the same defect is found again in any other recording. `count` says how often it was found when
the file was written: a longer run shows the same defect more often, which is nothing new.
"""

import contextlib
import hashlib
import json
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from contract.findings import SIDE_NAMES, Finding

VERSION = 1

_WORD = re.compile(r"[\w.~+/=%-]+")
_QUOTED_VALUE = re.compile(r"'[^']*#[^']*'")
_SEVERAL = re.compile(r"#(?:(?:, | and )#)+")
_NUMBERED = re.compile(r"\d")


class Defect(NamedTuple):
    """What is the same in every run about the findings of one defect."""

    code: str
    side: str
    where: str
    message: str

    def fingerprint(self) -> str:
        """A hash of it, as hexadecimal digits."""
        return hashlib.sha256(json.dumps(self).encode()).hexdigest()[:32]


class BaselineError(ValueError):
    """A baseline that cannot be used, as one line that names the file and the line or field."""


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    code: str
    side: Literal["client", "server", "both"]
    where: str
    message: str
    count: int = Field(ge=1)


class _Baseline(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    version: Literal[1]
    findings: list[_Entry]


def defect(finding: Finding, method: str, url: str) -> Defect:
    """The defect that `finding` shows; `method` and `url` are those of its exchange."""
    where = f"{method} {route(url, finding.stream, finding.scope)}"
    message = without_values(finding.message, finding.stream, finding.scope)
    return Defect(finding.code, SIDE_NAMES[finding.side], where, message)


def without_values(message: str, *known: str) -> str:
    """`message` with `#` for each of the `known` values, and for IDs, numbers, tokens and times."""
    for value in known:
        if value:
            message = re.sub(rf"(?<!\w){re.escape(value)}(?!\w)", "#", message)
    message = _WORD.sub(_without_value, message)
    return _SEVERAL.sub("#", _QUOTED_VALUE.sub("#", message))


def _without_value(word: re.Match[str]) -> str:
    """Words with a digit are values; so are the redactor's tokens, which begin with a tilde."""
    text = word[0].rstrip(".")
    if text.startswith("~") or _NUMBERED.search(text):
        return f"#{word[0][len(text) :]}"
    return word[0]


def route(url: str, stream: str, scope: str) -> str:
    """The path of `url`, with `{scope}`, `{stream}` and `{n}` for what differs from run to run."""
    path = url.partition("?")[0]
    if "://" in path:
        path = path.partition("://")[2].partition("/")[2]
    return "/" + "/".join(_segment(each, stream, scope) for each in path.removeprefix("/").split("/"))


def _segment(segment: str, stream: str, scope: str) -> str:
    if segment and segment in (stream, scope):
        return "{stream}" if segment == stream else "{scope}"
    if _NUMBERED.search(segment) and not re.fullmatch(r"v\d{1,3}", segment):
        return "{n}"
    return segment


def read(file: Path) -> dict[Defect, int]:
    """The defects in a baseline, and how often each was found. Raises `BaselineError`."""
    try:
        text = file.read_text(encoding="utf-8")
        found = _Baseline.model_validate(json.loads(text))
    except OSError as error:
        raise BaselineError(f"{file}: cannot read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise BaselineError(f"{file}: is no text in UTF-8") from error
    except json.JSONDecodeError as error:
        raise BaselineError(f"{file}:{error.lineno}: not JSON: {error.msg}") from error
    except RecursionError as error:
        raise BaselineError(f"{file}: is nested too deeply") from error
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        raise BaselineError(f"{file}: {_dotted(problem['loc'])}: {problem['msg']}") from error
    return {Defect(each.code, each.side, each.where, each.message): each.count for each in found.findings}


def _dotted(path: Iterable[str | int]) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".") or "the file"


def write(file: Path, defects: Mapping[Defect, int]) -> None:
    """Write a baseline, sorted, all of it or nothing. Raises `BaselineError`."""
    entries = [{**each._asdict(), "count": defects[each]} for each in sorted(defects)]
    text = json.dumps({"version": VERSION, "findings": entries}, indent=2, ensure_ascii=True)
    target = file.resolve()  # where it is a link, what it points to is replaced
    beside = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with beside.open("x", encoding="ascii") as out:
            out.write(f"{text}\n")
        beside.replace(target)
    except OSError as error:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
        raise BaselineError(f"{file}: cannot write: {error.strerror}") from error
