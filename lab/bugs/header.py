"""Bugs in the header field that carries the ID."""

from lab.bugs.values import field_name
from lab.chat.conduct import Conduct


def wrong_header(value: str) -> type[Conduct]:
    """The ID comes under another name, which scripts may read."""
    name = field_name(value)

    class WrongHeader(Conduct):
        header = name

    return WrongHeader


class NoHeader(Conduct):
    """The ID is not told at all."""

    def id_fields(self, streaming_id: str) -> list[tuple[str, str]]:
        """Nothing."""
        return []


class EmptyHeader(Conduct):
    """The field is there, its value is not."""

    def id_fields(self, streaming_id: str) -> list[tuple[str, str]]:
        """The field, empty."""
        return super().id_fields("")


class MangledId(Conduct):
    """The ID is put in quotes, as a JSON encoder does; the plain one is stored."""

    def id_fields(self, streaming_id: str) -> list[tuple[str, str]]:
        """The field, its value in quotes."""
        return super().id_fields(f'"{streaming_id}"')


class DuplicateHeader(Conduct):
    """The field is sent twice, as where two layers both add it."""

    def id_fields(self, streaming_id: str) -> list[tuple[str, str]]:
        """Two equal lines."""
        return super().id_fields(streaming_id) * 2
