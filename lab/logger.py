"""What the tester says: one line at a time, coloured where somebody can see it."""

import os
import sys
from typing import TextIO

RESET = "\x1b[0m"
GREEN, CYAN, YELLOW, RED, BLUE, MAGENTA = (f"\x1b[{code}m" for code in (32, 36, 33, 31, 34, 35))


def wants_colour(stream: TextIO) -> bool:
    """Whether to colour unasked: on a terminal, unless `NO_COLOR` is set."""
    return stream.isatty() and not os.environ.get("NO_COLOR")


class Logger:
    """Success green, info cyan, warning yellow, error red, debug blue, header magenta.

    `colour` None decides by the stream; `quiet` leaves debug lines out.
    """

    def __init__(
        self, stream: TextIO | None = None, *, colour: bool | None = None, quiet: bool = False
    ) -> None:
        self._stream = stream or sys.stdout
        self._colour = wants_colour(self._stream) if colour is None else colour
        self._quiet = quiet

    def success(self, text: str) -> None:
        """Something holds."""
        self._say(GREEN, f"✓ {text}")

    def info(self, text: str) -> None:
        """Something happens."""
        self._say(CYAN, f"  {text}")

    def warning(self, text: str) -> None:
        """Something is odd, and the test goes on."""
        self._say(YELLOW, f"! {text}")

    def error(self, text: str) -> None:
        """Something does not hold."""
        self._say(RED, f"✗ {text}")

    def debug(self, text: str) -> None:
        """A detail."""
        if not self._quiet:
            self._say(BLUE, f"    {text}")

    def header(self, text: str) -> None:
        """A new part begins."""
        self._say(MAGENTA, f"\n── {text} " + "─" * max(0, 72 - len(text)))

    def _say(self, colour: str, text: str) -> None:
        line = f"{colour}{text}{RESET}" if self._colour else text
        print(line, file=self._stream, flush=True)
