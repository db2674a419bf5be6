"""What a recording that was made of another tool's file shows."""

from contract.vantage import Vantage
from recordings.rows import RunInfo

IMPORTED = "imported"
"""The option by which a recording says of which files it was made."""


def vantage_of(info: RunInfo) -> Vantage:
    """From where its traffic was seen: a browser's file (HAR) has the client's side alone."""
    source = info.options.get(IMPORTED, "")
    is_browsers = "(HAR" in source and "(HAR of mitmproxy" not in source
    return Vantage.CLIENT if is_browsers else Vantage.BOTH
