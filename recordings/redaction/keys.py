"""The key that tokens are made with: the user's own, never in a recording."""

import base64
import binascii
import contextlib
import os
import secrets
from pathlib import Path

import platformdirs

LEAST_PASSPHRASE = 16
"""Characters that a given key has at least."""

_KEY_BYTES = 32
_FILE = "redact.key"


def load_key(option: str | None) -> bytes:
    """The key given (64 hexadecimal digits, base64 of 32 bytes, or any passphrase), else the key file's.

    The key file is made on first use, readable by its owner alone. Raises ValueError, in one line, where a
    given key is too short or the key file cannot be used.
    """
    if option:
        return _given(option.strip())
    path = key_file()
    try:
        return _read(path) or _made(path)
    except OSError as error:
        why = error.strerror or str(error)
        raise ValueError(
            f"the redaction key file {path} cannot be used: {why}; give streamid_redact_key"
        ) from error


def key_file() -> Path:
    """Where the user's key file is."""
    return platformdirs.user_config_path("streamid", appauthor=False) / _FILE


def _given(option: str) -> bytes:
    if len(option) < LEAST_PASSPHRASE:
        raise ValueError(f"the redaction key is too short: at least {LEAST_PASSPHRASE} characters are needed")
    return _exact(option) or option.encode()


def _exact(text: str) -> bytes | None:
    """The 32 bytes that `text` spells, if it does."""
    try:
        if len(text) == 2 * _KEY_BYTES:
            return bytes.fromhex(text)
        if len(text) in (43, 44):
            key = base64.b64decode(
                text.rstrip("=") + "=", altchars=b"-_" if {"-", "_"} & set(text) else None, validate=True
            )
            return key if len(key) == _KEY_BYTES else None
    except (ValueError, binascii.Error):
        return None
    return None


def _read(path: Path) -> bytes | None:
    """The key in the file; None where there is no file."""
    try:
        text = path.read_text("ascii").strip()
    except FileNotFoundError:
        return None
    except UnicodeDecodeError:
        text = ""
    key = _exact(text)
    if key is None:
        raise ValueError(f"the redaction key file {path} is damaged: remove it to have a new one made")
    return key


def _made(path: Path) -> bytes:
    """A new key, in a new file; of two processes that do this at once, one makes it and both use it.

    The file gets its name only once it is whole.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(_KEY_BYTES) + "\n")
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()
    key = _read(path)
    if key is None:
        raise FileNotFoundError(2, "it vanished while it was made")
    return key
