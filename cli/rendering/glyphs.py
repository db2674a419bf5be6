"""What lines are drawn with: block elements where the output can have them, else ASCII."""

import shutil
import sys
from collections.abc import Sequence
from dataclasses import astuple, dataclass

PIPED_WIDTH = 100
"""Cells of a line where the output is no terminal."""
_LEAST_WIDTH, _MOST_WIDTH = 70, 240


@dataclass(frozen=True, slots=True)
class Glyphs:
    """One character each, of one cell; `bars` are the least to the most, `blocks` eighths of a cell."""

    bars: str
    tick: str
    silence: str
    waiting: str
    quiet: str
    asked: str
    answered: str
    ended: str
    broken: str
    finding: str
    fault: str
    cause: str
    blocks: str

    def bar(self, count: int, unit: int) -> str:
        """A bar for `count` things, a step for each `unit` of them; a space for none."""
        return self.bars[min(-(-count // unit), len(self.bars)) - 1] if count else " "

    def unit(self, most: int) -> int:
        """The least unit with which `most` has a bar of its own."""
        return max(1, -(-most // len(self.bars)))

    def sparkline(self, counts: Sequence[int]) -> str:
        """A bar for each count; the most has the full height."""
        most = max(counts, default=0)
        levels = len(self.bars)
        return "".join([self.bars[-(-count * levels // most) - 1] if count else " " for count in counts])

    def long_bar(self, share: float, width: int) -> str:
        """A bar lying down, `share` (0 to 1) of `width` cells; anything above 0 shows."""
        steps = len(self.blocks)
        whole, rest = divmod(round(share * width * steps), steps)
        drawn = self.blocks[-1] * whole + (self.blocks[rest - 1] if rest else "")
        return drawn or (self.blocks[0] if share > 0 else "")


UNICODE = Glyphs("▁▂▃▄▅▆▇█", "│", "//", "·", "─", "→", "←", "┤", "✗", "▲", "✎", "◆", "▏▎▍▌▋▊▉█")
ASCII = Glyphs("123456789#", "|", "//", ".", "-", ">", "<", "]", "x", "^", "~", "!", "#")


def glyphs() -> Glyphs:
    """Those that standard output can have."""
    encoding = sys.stdout.encoding or "ascii"
    try:
        "".join(astuple(UNICODE)).encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return ASCII
    return UNICODE


def output_width() -> int:
    """Cells of a line: those of the terminal, else `PIPED_WIDTH`."""
    if not sys.stdout.isatty():
        return PIPED_WIDTH
    return min(max(shutil.get_terminal_size().columns, _LEAST_WIDTH), _MOST_WIDTH)
