"""Small builders of event streams in chunks, and the facts that a reader gathers from them."""

from collections.abc import Iterable

from contract.events import Chunk, Form, Message, Side
from contract.profile import builtin
from contract.profile_sections import Sse
from contract.stream_facts import StreamFacts
from contract.stream_reading import StreamReader

CHAT = builtin("chat").sse
BARE = Sse()
TEXT = b'event: chunk\ndata: {"text": " word"}\n\n'
DONE = b'event: done\ndata: {"message": "Stream complete", "tokensUsed": 200}\n\n'
BOM = b"\xef\xbb\xbf"


def chunk(data: bytes, at: int = 0, form: Form = Form.WIRE) -> Chunk:
    return Chunk(1, Message.RESPONSE, Side.BOTH, at, data, len(data), form)


def chunks(pieces: Iterable[bytes]) -> list[Chunk]:
    return [chunk(piece, at) for at, piece in enumerate(pieces, start=1)]


def read(*pieces: bytes, sse: Sse = CHAT) -> StreamFacts:
    reader = StreamReader(sse, "", {})
    for each in chunks(pieces):
        reader.feed(each)
    return reader.end()
