"""From an action to its request: with all that is known by then, or as people read it before."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from contract.profile import Profile
from contract.profile_sections import Probe, ProbeRequest
from recordings.beginning import secret_names
from recordings.redaction import SecretNames
from replay.probing.inventing import altered
from replay.probing.reading import Transcript
from replay.probing.requests import MissingError, Request, Value, filled, names, without_credentials
from replay.probing.steps import Action, Call, How, Step

STARS = "***"
AGENT = "streamid-probe"
NOTHING_READ = "(nothing was read)"
_OWN = ("id", "text", "tokens")
"""Variables that the probe itself fills in."""


@dataclass(frozen=True)
class Target:
    """What is probed, and as whom: `values` of variables for all, `users` those of each user."""

    profile: Profile
    values: Mapping[str, Value]
    users: tuple[Mapping[str, Value], ...]
    origin: str = ""

    @property
    def probe(self) -> Probe:
        """The profile's requests; whoever planned has made sure that there are some."""
        assert self.profile.probe is not None
        return self.profile.probe


@dataclass
class Known:
    """What has been learned so far: values saved by user and by session, IDs and texts by stream."""

    of_user: dict[int, dict[str, Value]] = field(default_factory=dict)
    of_session: dict[str, dict[str, Value]] = field(default_factory=dict)
    cookies: dict[int, dict[str, str]] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    transcripts: dict[str, Transcript] = field(default_factory=dict)
    latest: dict[str, str] = field(default_factory=dict)
    """The latest stream of each session."""


def section_of(target: Target, call: Call) -> ProbeRequest:
    """The profile's request for a call."""
    section = getattr(target.probe, call)
    assert isinstance(section, ProbeRequest)
    return section


def made(target: Target, action: Action, known: Known) -> Request:
    """The request of an action. Raises `ProbeError` for a variable without a value."""
    values: dict[str, Value] = {
        **target.values,
        **target.users[action.user - 1],
        **known.of_user.get(action.user, {}),
        **known.of_session.get(action.session, {}),
        **_echoed(action, known),
    }
    if action.call is Call.PREFLIGHT:
        assert action.of is not None
        return _preflight(target, section_of(target, action.of), values)
    section = section_of(target, action.call)
    if not action.knows:
        section = without_credentials(section, target.profile.credential.headers)
    return _finished(
        target, filled(section, values), known.cookies.get(action.user, {}) if action.knows else {}
    )


def shown(target: Target, action: Action) -> Request:
    """The request as people read it before it is sent: secrets starred, what is not known yet in words."""
    is_secret = _secret_variables(target)
    known: dict[str, Value] = {**target.values, **target.users[action.user - 1]}
    values: dict[str, Value] = {
        name: STARS if value is not None and is_secret(name) else value for name, value in known.items()
    }
    if target.probe.login:
        values |= {name: STARS if is_secret(name) else f"{{{name}}}" for name in target.probe.login.save}
    if target.probe.create:
        saved = target.probe.create.save
        values |= {name: STARS if is_secret(name) else f"{{{name} {action.session}}}" for name in saved}
    sent: Value = action.text
    if action.stream:
        other = " in the other case" if action.how is How.ALTERED else ""
        sent = f"{{ID of stream {action.stream}{other}}}"
    values |= {"id": sent, "text": "{text that was read}", "tokens": "{tokens}"}
    if action.call is Call.PREFLIGHT:
        assert action.of is not None
        return _preflight(target, section_of(target, action.of), values, shown=True)
    section = section_of(target, action.call)
    if not action.knows:
        section = without_credentials(section, target.profile.credential.headers)
    request = filled(section, values, shown=True)
    secret = secret_names(target.profile)
    stars = tuple((name, _starred_field(name, text, secret)) for name, text in request.headers)
    return _finished(target, Request(request.method, request.url, stars, request.body), {})


def secrets(target: Target, known: Known) -> set[str]:
    """The values that are secrets, as far as they are known: by their variables' names, and all cookies."""
    is_secret = _secret_variables(target)
    values = [target.values, *target.users, *known.of_user.values(), *known.of_session.values()]
    found = {str(value) for each in values for name, value in each.items() if is_secret(name) and value}
    return found | {value for each in known.cookies.values() for value in each.values() if value}


def _secret_variables(target: Target) -> Callable[[str], bool]:
    """Whether a variable holds a secret: by its own name, or that of the JSON member it is saved from."""
    secret = secret_names(target.profile)
    sections = (target.probe.login, target.probe.create)
    saved = {name: path for section in sections if section for name, path in section.save.items()}
    return lambda name: secret.is_field(name) or secret.is_field(saved.get(name, "").rpartition(".")[2])


def check(target: Target, steps: list[Step]) -> None:
    """Raises `MissingError` where a variable of some request has no value, and never will have."""
    probe = target.probe
    later = {*_OWN}
    for section in (probe.login, probe.create):
        later |= set(section.save) if section else set()
    calls = {action.of or action.call for step in steps for action in step.each()}
    calls |= {Call.DELETE} if probe.delete else set()
    needed = {name for call in calls for name in names(section_of(target, call))} - later - set(target.values)
    missing = {name for user in target.users for name in needed - set(user)}
    if missing:
        raise MissingError(target.profile.name, sorted(missing))


def _echoed(action: Action, known: Known) -> dict[str, Value]:
    if action.call is not Call.UPDATE:
        return {}
    stream = action.stream or known.latest.get(action.session, "")
    read = known.transcripts.get(stream, Transcript())
    sent: Value = action.text
    if action.stream:
        sent = known.ids[action.stream]
        sent = altered(sent) if action.how is How.ALTERED else sent
    return {"id": sent, "text": read.text or NOTHING_READ, "tokens": read.tokens}


def _preflight(
    target: Target, section: ProbeRequest, values: Mapping[str, Value], *, shown: bool = False
) -> Request:
    """What a browser asks before this request (Fetch §4.8): method, and names that are not safelisted."""
    fields = {name.lower() for name in section.headers}
    fields |= {"content-type"} if section.json_body is not None else set()
    fields |= {name.lower() for name in target.profile.cors.request_headers}
    asked = ",".join(sorted(fields - {"accept", "accept-language", "content-language"}))
    bare = section.model_copy(update={"headers": {}, "json_body": None})
    request = Request("OPTIONS", filled(bare, {"id": None, **values}, shown=shown).url, ())
    asking = [("Access-Control-Request-Method", section.method)]
    asking += [("Access-Control-Request-Headers", asked)] if asked else []
    return _finished(target, request.with_headers(*asking), {})


def _finished(target: Target, request: Request, cookies: Mapping[str, str]) -> Request:
    """With what every client sends; across origins also the cookies, as `credentials: "include"` does."""
    more = [("Accept", "*/*"), ("User-Agent", AGENT)]
    if target.origin:
        more.append(("Origin", target.origin))
    if target.origin and cookies:
        more.append(("Cookie", "; ".join(f"{name}={value}" for name, value in cookies.items())))
    present = {name.lower() for name, _ in request.headers}
    return request.with_headers(*((name, text) for name, text in more if name.lower() not in present))


def _starred_field(name: str, text: str, secret: SecretNames) -> str:
    """The value of a header field that is a secret, starred; what tells its scheme stays."""
    if not secret.is_header(name.encode("latin-1", "replace")):
        return text
    scheme, space, _ = text.partition(" ")
    return f"{scheme} {STARS}" if space else STARS
