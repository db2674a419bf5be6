"""What a service of the lab is told when it starts."""

import os
import secrets
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

VERSION = "1.0.0"


@dataclass(frozen=True)  # no slots: the defaults are read from the class
class Settings:
    """Settings of one lab; `tokens` and `interval` (seconds) pace an ordinary answer.

    An answer to a "very detailed" question streams for at least `detailed` seconds, and `credits`
    is what every user starts with. `log_file` is the chat service's log of updates, `bugs` are what it
    gets wrong (`NAME` or `NAME=VALUE` of `lab.bugs`).
    """

    data_dir: Path
    accounting_url: str = "http://127.0.0.1:3001"
    tokens: int = 80
    interval: float = 0.04
    detailed: float = 16.0
    credits: int = 0
    log_file: Path | None = None
    bugs: tuple[str, ...] = ()

    @property
    def update_log(self) -> Path:
        """Where the chat service writes a line for each update."""
        return self.log_file or self.data_dir / "chat-updates.log"

    def secret(self) -> str:
        """The key that signs tokens; whichever service needs it first makes it (mode 0600)."""
        path = self.data_dir / "secret"
        if not path.exists():
            _write_once(path, secrets.token_hex(32))
        return path.read_text(encoding="ascii")


def _write_once(path: Path, text: str) -> None:
    """Write a file in one step, unless another process was faster."""
    handle, draft = tempfile.mkstemp(dir=path.parent)  # mode 0600
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(text)
    with suppress(FileExistsError):
        os.link(draft, path)
    os.unlink(draft)
