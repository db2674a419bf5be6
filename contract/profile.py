"""A protocol as data: where a stream's ID is issued and echoed, and what is right about both.

Profiles are TOML files; `docs/profiles.md` says how to write one. Keys are written with hyphens.
Everything is checked when a profile is read, so that nothing can fail while traffic is judged.
"""

import re
import tomllib
from functools import cached_property
from importlib import resources
from typing import Literal, Self

from pydantic import ValidationError, model_validator
from pydantic_core import ErrorDetails

from contract.profile_sections import (
    Cors,
    Credential,
    Echo,
    Forbidden,
    IdForm,
    Issue,
    Life,
    Mismatch,
    Probe,
    ScopeKey,
    Secrets,
    Section,
    Service,
    Sse,
    VersionSelector,
)
from contract.template import Template
from contract.toml_lines import Path, line_of

FOLDER = "profiles"


class ProfileError(ValueError):
    """A profile that cannot be used; the text names file, line and field."""


class Profile(Section):
    """One protocol. Raises `ProfileError` only when it is read."""

    name: str
    summary: str = ""
    origin: Literal["server", "client"] = "server"
    version: VersionSelector | None = None
    id: IdForm
    scope: ScopeKey = ScopeKey()
    credential: Credential = Credential()
    issue: tuple[Issue, ...]
    echo: tuple[Echo, ...] = ()
    life: Life = Life()
    mismatch: Mismatch = Mismatch()
    cors: Cors = Cors()
    sse: Sse = Sse()
    forbidden: Forbidden = Forbidden()
    service: Service = Service()
    secrets: Secrets = Secrets()
    probe: Probe | None = None

    @cached_property
    def vital_headers(self) -> frozenset[str]:
        """Names, in lower case, of headers that the protocol cannot do without."""
        issued = [name for each in self.issue for name in (each.id.header, *each.id.alternatives)]
        echoed = [each.id.header for each in self.echo]
        named = (*issued, *echoed, self.scope.header, *self.credential.headers, *self.cors.expose)
        return frozenset(name.lower() for name in (*named, "Content-Type") if name)

    @model_validator(mode="after")
    def _paths_have_their_variables(self) -> Self:
        if not self.issue:
            raise ValueError("there must be at least one issue")
        for route in (*self.issue, *self.echo, *self.life.close):
            if self.scope.path and self.scope.path not in Template(route.path).names:
                raise ValueError(
                    f"the scope's variable {{{self.scope.path}}} is not in the path {route.path}"
                )
        for echo in self.echo:
            if echo.id.path and echo.id.path not in Template(echo.path).names:
                raise ValueError(f"the echo's variable {{{echo.id.path}}} is not in the path {echo.path}")
        return self

    @classmethod
    def from_toml(cls, text: str, where: str) -> "Profile":
        """The profile in a TOML text; `where` names the file in errors. Raises `ProfileError`."""
        try:
            return cls.model_validate(tomllib.loads(text))
        except tomllib.TOMLDecodeError as error:
            line = re.search(r"line (\d+)", str(error))
            number = line[1] if line else len(text.splitlines())
            raise ProfileError(f"{where}:{number}: not TOML: {error}") from error
        except ValidationError as error:
            raise ProfileError(_explained(error, text, where)) from error


def _explained(error: ValidationError, text: str, where: str) -> str:
    """One line for each thing that is wrong: file, line, field, why."""
    return "\n".join(_sentence(problem, text, where) for problem in error.errors(include_url=False))


def _sentence(problem: ErrorDetails, text: str, where: str) -> str:
    line = line_of(text, _nearest(problem["type"], problem["loc"]))
    return f"{where}:{line}: {_dotted(problem['loc'])}: {problem['msg'].removeprefix('Value error, ')}"


def _nearest(kind: str, path: Path) -> Path:
    return path[:-1] if kind == "missing" else path


def _dotted(path: Path) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".") or "profile"


def builtin_names() -> list[str]:
    """The names of the profiles that come with streamid, sorted."""
    entries = resources.files("contract").joinpath(FOLDER).iterdir()
    return sorted(entry.name.removesuffix(".toml") for entry in entries if entry.name.endswith(".toml"))


def builtin_toml(name: str) -> str:
    """The text of a built-in profile. Raises `ProfileError` for a name that there is none of."""
    if name not in builtin_names():
        raise ProfileError(f"no built-in profile {name!r}; there are: {', '.join(builtin_names())}")
    return resources.files("contract").joinpath(FOLDER, f"{name}.toml").read_text(encoding="utf-8")


def builtin(name: str) -> Profile:
    """A profile that comes with streamid. Raises `ProfileError` for a name that there is none of."""
    return Profile.from_toml(builtin_toml(name), f"{name}.toml")
