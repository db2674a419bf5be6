"""Where requests go now, and the heads that they need for it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from contract.events import Headers
from replay.recorded import origin as origin_of

PORTS = {"http": 80, "https": 443}


class TargetError(ValueError):
    """A place that cannot be sent to, or a recorded origin that was given none; one line."""


@dataclass(frozen=True, slots=True)
class Target:
    """Scheme, host and port of a live service."""

    scheme: str
    host: str
    port: int

    @property
    def netloc(self) -> str:
        """As in Host: without the scheme's own port (RFC 9110 §7.2)."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def origin(self) -> str:
        """As in Origin (RFC 6454 §6.2)."""
        return f"{self.scheme}://{self.netloc}"


def target_of(url: str) -> Target:
    """The service at `url`. Raises `TargetError`."""
    try:
        parts = urlsplit(url if "://" in url else f"//{url}")
        port = parts.port
    except ValueError as error:
        raise TargetError(f"{url}: is no URL: {error}") from None
    if parts.scheme not in PORTS or not parts.hostname:
        raise TargetError(f"{url}: must be a URL such as http://localhost:3002")
    if parts.path not in ("", "/") or parts.query or parts.fragment or parts.username is not None:
        raise TargetError(f"{url}: must be scheme, host and port alone: paths are those of the recording")
    return Target(parts.scheme, parts.hostname, port or PORTS[parts.scheme])


def targets(given: Iterable[str], origins: Iterable[str], others: Iterable[str] = ()) -> dict[str, Target]:
    """The target of each recorded origin, from `URL` or `ORIGIN=URL`. Raises `TargetError`.

    `others` are origins of the recording that nothing is sent to; they may be named, too.
    """
    wanted = {_normal(origin): origin for origin in origins}
    unused = {_normal(origin) for origin in others} - set(wanted)
    found: dict[str, Target] = {}
    for text in given:
        origin, equals, url = text.rpartition("=")
        if not equals:
            if len(wanted) > 1:
                raise TargetError(
                    f"{url}: the recording has {len(wanted)} origins, so each needs an ORIGIN=URL of its own:"
                    f" {', '.join(wanted.values())}"
                )
            found |= dict.fromkeys(wanted.values(), target_of(url))
            continue
        target = target_of(url)
        if _normal(origin) in unused:
            continue
        if _normal(origin) not in wanted:
            known = ", ".join(wanted.values()) or "none"
            raise TargetError(f"{origin}: no request of the recording went there (origins: {known})")
        found[wanted[_normal(origin)]] = target
    if missing := [origin for origin in wanted.values() if origin not in found]:
        raise TargetError(f"no --to says where to send what went to {', '.join(missing)}")
    return found


def _normal(origin: str) -> str:
    """An origin with its port, however it was written; as it is where it is none."""
    try:
        target = target_of(origin.rstrip("/"))
    except TargetError:
        return origin
    return origin_of(target.scheme, target.host, target.port)


def spellings(where: Mapping[str, Target]) -> dict[str, str]:
    """Each recorded origin, with and without its scheme's own port, and the new one."""
    found = {}
    for origin, target in where.items():
        found[origin] = target.origin
        found[target_of(origin).origin] = target.origin
    return found


def headed(headers: Headers, recorded: str, where: Mapping[str, Target], *, sized: int | None) -> Headers:
    """Header fields for the new service: Host is its own, Origin and Referer follow where the old were ours.

    `recorded` is the recorded origin of the request; `sized` is the body's length, where nothing else in
    the head tells it (what came by HTTP/2 needs neither length nor Host).
    """
    target, moved = where[recorded], spellings(where)
    found: list[tuple[bytes, bytes]] = []
    for name, value in headers:
        match name.lower():
            case b"host":
                value = target.netloc.encode()
            case b"origin" | b"referer":
                value = _moved(value, moved)
            case b"proxy-connection" | b"proxy-authorization":
                continue  # were for a proxy that is not there now
        if not name.startswith(b":"):
            found.append((name, value))
    names = {name.lower() for name, _ in found}
    if b"host" not in names:
        found.insert(0, (b"Host", target.netloc.encode()))
    if sized is not None and not names & {b"content-length", b"transfer-encoding"}:
        found.append((b"Content-Length", str(sized).encode()))
    return tuple(found)


def _moved(value: bytes, moved: Mapping[str, str]) -> bytes:
    for old, new in moved.items():
        rest = value[len(old) :]
        if value.startswith(old.encode()) and (not rest or rest.startswith(b"/")):
            return new.encode() + rest
    return value
