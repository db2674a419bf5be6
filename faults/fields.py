"""Field lines: small changes to some of them that leave all others as they are, in their places."""

from collections.abc import Callable, Iterable

from contract.events import Headers


def named(names: Iterable[str]) -> frozenset[bytes]:
    """Names as lines are looked up by: in lower case."""
    return frozenset(name.lower().encode() for name in names)


def has(headers: Headers, name: bytes) -> bool:
    """Whether there is a line under `name` (in lower case)."""
    return any(each.lower() == name for each, _ in headers)


def only(headers: Headers, wanted: Callable[[bytes], bool]) -> Headers:
    """The lines whose names (in lower case) are wanted."""
    return tuple(line for line in headers if wanted(line[0].lower()))


def revalued(headers: Headers, name: bytes, change: Callable[[bytes], bytes | None]) -> Headers:
    """Each line under `name` (in lower case) with another value; None leaves it out."""
    out: list[tuple[bytes, bytes]] = []
    for each, value in headers:
        new = change(value) if each.lower() == name else value
        if new is not None:
            out.append((each, new))
    return tuple(out)


def replaced(headers: Headers, name: bytes, value: bytes) -> Headers:
    """One line in the place of all lines under `name`, which is written as the first of them was.

    Where there is none, it comes last, written as `name` is.
    """
    out: list[tuple[bytes, bytes]] = []
    is_there = False
    for line in headers:
        if line[0].lower() != name.lower():
            out.append(line)
        elif not is_there:
            is_there = True
            out.append((line[0], value))
    return tuple(out) if is_there else (*headers, (name, value))


def doubled(headers: Headers, name: bytes, value: bytes | None) -> Headers:
    """A second line right after the first under `name` (in lower case), with its value or another."""
    for place, (each, first) in enumerate(headers):
        if each.lower() == name:
            second = (each, first if value is None else value)
            return (*headers[: place + 1], second, *headers[place + 1 :])
    return headers
