"""Open what HARs come in: JSON, mitmproxy's `.zhar` (zlib), Playwright's `.zip`, and files of bodies."""

import io
import zipfile
import zlib
from pathlib import Path

from replay.importing import har
from replay.importing.foreign import Imported, SourceError

_ZIP = b"PK\x03\x04"
_ZLIB = b"\x78"
_BOM = b"\xef\xbb\xbf"


def is_har(beginning: bytes) -> bool:
    """Whether a file that begins so is to be read as a HAR."""
    text = beginning.removeprefix(_BOM).lstrip()
    return beginning.startswith((_ZIP, _ZLIB)) or text[:1] in (b"{", b"[")


def read(path: Path) -> Imported:
    """The exchanges of a HAR in a file. Raises `SourceError`, OSError."""
    data, name = path.read_bytes(), str(path)
    if data.startswith(_ZIP):
        return _from_zip(name, data)
    if data.startswith(_ZLIB):
        try:
            data = zlib.decompress(data)
        except zlib.error as error:
            raise SourceError(f"{name}: cannot be decompressed: {error}") from None
    return har.read(name, data, _Beside(path.parent))


class _Beside:
    """Attachments in the folder of the HAR."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(self, name: str) -> bytes:
        if name != Path(name).name or name in ("", ".", ".."):
            raise ValueError(f"{name!r} is no name of a file in the HAR's folder")
        try:
            return (self._folder / name).read_bytes()
        except (OSError, ValueError) as error:
            raise ValueError(f"cannot read {name}: {getattr(error, 'strerror', None) or error}") from None


class _Within:
    """Attachments in the same archive."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive

    def __call__(self, name: str) -> bytes:
        try:
            return self._archive.read(name)
        except KeyError:
            raise ValueError(f"{name!r} is not in the archive") from None
        except _BROKEN as error:
            raise ValueError(f"cannot read {name}: {error}") from None


_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError)


def _from_zip(name: str, data: bytes) -> Imported:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            inside = [each for each in archive.namelist() if each.endswith(".har")]
            if len(inside) != 1:
                raise SourceError(f"{name}: has {len(inside)} files *.har in it, not one")
            return har.read(name, archive.read(inside[0]), _Within(archive))
    except _BROKEN as error:
        raise SourceError(f"{name}: is no archive that can be read: {error}") from None
