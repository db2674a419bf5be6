"""Looking up field lines: names without case, lines in order (RFC 9110 §5.1–§5.3)."""

from functools import cache

from contract.events import Headers


@cache
def key(name: str) -> bytes:
    """A name as the functions here want it; for names from profiles, which are few."""
    return name.lower().encode()


def lines(headers: Headers, name: bytes) -> list[bytes]:
    """The values of all lines under `name` (given in lower case), without white space around them."""
    size = len(name)  # compared first, because it is cheap
    return [value.strip(b" \t") for each, value in headers if len(each) == size and each.lower() == name]


def first(headers: Headers, name: bytes) -> bytes | None:
    """The value of the first line under `name` (given in lower case)."""
    size = len(name)
    for each, value in headers:
        if len(each) == size and each.lower() == name:
            return value.strip(b" \t")
    return None


def combined(headers: Headers, name: bytes) -> bytes | None:
    """All lines joined by comma and space, as a script reads them (Fetch §2.2.2, "get")."""
    found = lines(headers, name)
    return b", ".join(found) if found else None


def media_type(headers: Headers) -> str:
    """Type and subtype of the body in lower case, without parameters; empty where not given."""
    value = first(headers, b"content-type") or b""
    return value.partition(b";")[0].strip().lower().decode("latin-1")


def content_coding(headers: Headers) -> str:
    """The codings of the body in lower case, comma-separated; empty for none (RFC 9110 §8.4)."""
    listed = b",".join(lines(headers, b"content-encoding")).split(b",")
    codings = [coding.strip().lower().decode("latin-1") for coding in listed]
    return ", ".join(coding for coding in codings if coding not in ("", "identity"))


def cookies(headers: Headers) -> dict[str, str]:
    """The cookies of a request by name; the first of a name counts (RFC 6265 §5.4)."""
    found: dict[str, str] = {}
    for line in lines(headers, b"cookie"):
        for pair in line.split(b";"):
            name, equals, value = pair.strip().partition(b"=")
            if equals:
                found.setdefault(name.decode("latin-1"), value.decode("latin-1"))
    return found
