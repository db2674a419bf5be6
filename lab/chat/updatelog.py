"""The log of updates: for each, both IDs and what every way of comparing them says."""

import json
from pathlib import Path

from lab.chat.conduct import equal_when_normalised, strictly_equal
from lab.web import timestamp


class UpdateLog:
    """One JSON object per line.

    Its fields are `at`, `sessionId`, `user`, `received`, `stored`, `receivedType`, `storedType` (JSON's
    names), `strict` and `normalised` (what each comparison says) and `accepted`.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("a", encoding="utf-8", buffering=1)

    def add(self, session: str, user: str, received: object, stored: str | None, accepted: bool) -> None:
        """Write one update down."""
        line = {
            "at": timestamp(),
            "sessionId": session,
            "user": user,
            "received": received,
            "stored": stored,
            "receivedType": json_type(received),
            "storedType": json_type(stored),
            "strict": strictly_equal(stored, received),
            "normalised": equal_when_normalised(stored, received),
            "accepted": accepted,
        }
        self._file.write(json.dumps(line, ensure_ascii=False) + "\n")

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def json_type(value: object) -> str:
    """The name that JSON has for a value's type (RFC 8259 §3)."""
    if isinstance(value, bool):
        return "boolean"
    names = {str: "string", int: "number", float: "number", dict: "object", list: "array"}
    return names.get(type(value), "null")
