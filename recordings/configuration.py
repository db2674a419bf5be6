"""The settings of a project: `streamid.toml`, and `[tool.streamid]` in `pyproject.toml`.

Both files are looked for in one folder, and mean the same; where both name a key, `streamid.toml` wins.
"""

import difflib
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from contract.toml_lines import line_of

OWN, SHARED = "streamid.toml", "pyproject.toml"
_TABLE = ("tool", "streamid")


@dataclass(frozen=True)
class Source:
    """What one file says. `prefix` is the path of our table in it, `text` all of the file."""

    file: Path
    prefix: tuple[str, ...]
    text: str
    values: Mapping[str, object]

    def where(self, *keys: str) -> str:
        """File, line and key, as in `streamid.toml:3: validate.select`."""
        path = (*self.prefix, *keys)
        return f"{self.file}:{line_of(self.text, path)}: {'.'.join(path)}"

    def table(self, name: str) -> Mapping[str, object]:
        """The table `name`, empty where there is none. Raises ValueError where it is no table."""
        found = self.values.get(name, {})
        if not isinstance(found, dict):
            raise ValueError(f"{self.where(name)}: must be a table, not {found!r}")
        return found


def sources(own: Path = Path(OWN)) -> list[Source]:
    """The files that there are, the one that wins first; `own` is the path of `streamid.toml`.

    Raises ValueError with one line that names the file, and the line or the key.
    """
    found = [_read(own, ()), _read(own.with_name(SHARED), _TABLE)]
    return [source for source in found if source is not None]


def suggestion(name: str, known: Iterable[str]) -> str:
    """What was perhaps meant by `name`, to end a sentence with."""
    known = list(known)
    close = difflib.get_close_matches(name, known, n=1)
    return f"; did you mean {close[0]}?" if close else f" (there are: {', '.join(known)})"


def _read(file: Path, prefix: tuple[str, ...]) -> Source | None:
    try:
        text = file.read_text(encoding="utf-8")
        values: object = tomllib.loads(text)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ValueError(f"{file}: cannot read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise ValueError(f"{file}: is no text in UTF-8: {error}") from None
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"line (\d+)", str(error))
        raise ValueError(f"{file}:{line[1] if line else 1}: not TOML: {error}") from None
    for depth, name in enumerate(prefix, 1):
        values = values.get(name, {}) if isinstance(values, dict) else values
        if not isinstance(values, dict):
            raise ValueError(f"{file}: {'.'.join(prefix[:depth])}: must be a table, not {values!r}")
    return Source(file, prefix, text, values) if values and isinstance(values, dict) else None
