"""Bugs in which updates are let in, and in how the others are refused."""

import re
from typing import Any

from starlette.responses import Response

from lab.bugs.values import wrong_status as another_status
from lab.chat.conduct import Conduct, equal_when_normalised

WELL_FORMED = re.compile(r"stream-[0-9]+-[0-9a-f]{8}")


class LowerCaseCompare(Conduct):
    """IDs are compared as trimmed, case-folded text."""

    def accepts(self, expected: str | None, received: object) -> bool:
        """Whether both are equal but for case and white space around them."""
        return equal_when_normalised(expected, received)


class AdoptUnknown(Conduct):
    """While none is stored, any ID that looks like one is let in."""

    def accepts(self, expected: str | None, received: object) -> bool:
        """Whether it is the stored one, or well-formed where none is stored."""
        if expected is None and isinstance(received, str) and WELL_FORMED.fullmatch(received):
            return True
        return super().accepts(expected, received)


def wrong_status(value: str) -> type[Conduct]:
    """A mismatch is told under another status."""
    status = another_status(value)

    class WrongStatus(Conduct):
        def mismatch(self, expected: str | None, received: object) -> tuple[int, dict[str, Any]]:
            return status, super().mismatch(expected, received)[1]

    return WrongStatus


class HideDetails(Conduct):
    """A mismatch does not tell the IDs, as in older builds."""

    def mismatch(self, expected: str | None, received: object) -> tuple[int, dict[str, Any]]:
        """The same, without `details`."""
        status, body = super().mismatch(expected, received)
        return status, {name: value for name, value in body.items() if name != "details"}


class ErrorInStream(Conduct):
    """A mismatch comes as an event stream under 200, with one `error` event."""

    def refusal(self, expected: str | None, received: object) -> Response:
        """The message as `error`, everything else as it is."""
        _, body = self.mismatch(expected, received)
        payload = {"error" if name == "message" else name: value for name, value in body.items()}
        fields = {"content-type": "text/event-stream", "cache-control": "no-cache"}
        return Response(self.frame("error", payload), 200, fields)
