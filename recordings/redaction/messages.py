"""The body of one message on one side: decoded, masked, and given back chunk by chunk."""

from collections.abc import Callable
from typing import NamedTuple, Self

from recordings.decoding import MOST_AT_ONCE, Decoder, codings, decoder_for
from recordings.redaction.bodies import MOST_HELD, JsonMasker, Masker, RawMasker, TextMasker
from recordings.redaction.media import is_opaque, masker_by_start, masker_by_type
from recordings.redaction.secrets import Edit, Secrets

MOST_DECODED = MOST_AT_ONCE
"""Decoded bytes of one message from which on a body that grows a hundredfold counts as a bomb."""

_BOMB_RATIO = 100
_REPLAYED = 256 * 1024
"""Bytes of an encoded body that are kept in case its two sides go on apart: decoders cannot be copied."""

_FLUSHED = b"\x00\x00\xff\xff"
_MAGIC = {"gzip": b"\x1f", "x-gzip": b"\x1f", "zstd": b"\x28PQRSTUVWXYZ[\\]^_"}


class Part(NamedTuple):
    """What one chunk adds to a body: decoded bytes from offset `start` to `end`."""

    start: int
    end: int
    text: bytes
    flushed: bool = False
    """The coding gave out all it had at the end of this chunk."""
    lost: bool = False


class Outcome(NamedTuple):
    """What becomes of a part."""

    lost: bool
    decoded: bool
    """The coding has to be undone, here and in all that follows."""
    edits: list[Edit]


UNTOUCHED = Outcome(False, False, [])
"""It stays as it is."""


class BodyStream:
    """Bytes in, parts out; a part can be rendered once it is decided.

    With a content-coding a chunk may only be kept as it is when all that its bits stand for is known:
    when something after it was decoded, or the coding was flushed at its end. From the first chunk with
    a secret on, the coding is undone.
    """

    def __init__(self, secrets: Secrets, content_type: bytes, coding: str, *, raw: bool = False) -> None:
        self._secrets = secrets
        self.opaque = not raw and is_opaque(content_type)
        self._masker: Masker | None = RawMasker(secrets) if raw else masker_by_type(content_type, secrets)
        self._codings = codings(coding) if coding and not raw else []
        self._decoder: Decoder | None = decoder_for(coding) if self._codings and not self.opaque else None
        self._coded = self._decoder is not None
        self._came: bytearray | None = bytearray() if self._coded else None
        """All that the decoder was given; None where that is not needed, or too much."""
        self.passes: Callable[[bytes], bool] = _look_closer
        """Whether bytes need no look, or have had one and hold no secret; nothing of them is kept."""
        self._choose_pass()
        self._lead = b""
        self._wire = 0
        self._broken = self._ended = self._undone = False
        self._wire_until: int | None = None
        """Chunks whose decoded bytes end here or later may hold more than was decoded."""

    def _choose_pass(self) -> None:
        if self.opaque:
            self.passes = bool
        elif self._masker is not None and not self._coded:
            self.passes = self._masker.passes

    @property
    def _offset(self) -> int:
        """Decoded bytes so far."""
        return self._masker.fed if self._masker is not None else len(self._lead)

    def feed(self, data: bytes) -> Part:
        """Take the next chunk of the body."""
        if self.opaque:
            return Part(0, 0, data)
        start = self._offset
        text: bytes | None = data
        if self._coded:
            text = self._decode(data)
        if text is None:
            return Part(start, start, b"", lost=True)
        self._mask(text)
        flushed = self._coded and len(self._codings) == 1 and data.endswith(_FLUSHED)
        return Part(start, self._offset, text, flushed and self._codings[0] in ("gzip", "x-gzip", "deflate"))

    def feed_decoded(self, data: bytes) -> Part:
        """Take the next chunk of a body whose content-coding was undone before it came here."""
        if self._coded and not self._wire:
            self._coded = False
            self._choose_pass()
        return self.feed(data)

    def _decode(self, data: bytes) -> bytes | None:
        if self._broken or self._decoder is None:
            return None
        if (
            not self._wire
            and data
            and len(self._codings) == 1
            and data[:1] not in _MAGIC.get(self._codings[0], data)
        ):
            self._coded = False
            self._choose_pass()
            return data
        self._wire += len(data)
        if self._came is not None:
            self._came += data
            if len(self._came) > _REPLAYED:
                self._came = None
        try:
            text = self._decoder.feed(data)
        except ValueError:
            text = None
        if text is None or self._is_bomb(self._offset + len(text)):
            self._break()
            return None
        return text

    def _is_bomb(self, decoded: int) -> bool:
        return decoded > MOST_DECODED and decoded > _BOMB_RATIO * self._wire

    def _break(self) -> None:
        self._broken = True
        self._wire_until = self._offset
        if self._masker is not None:
            self._masker.miss()

    def _mask(self, text: bytes) -> None:
        if self._masker is None:
            self._lead += text
            masker = masker_by_start(self._lead, self._secrets)
            if masker is None and len(self._lead) > MOST_HELD:
                masker = TextMasker(self._secrets)
            if masker is None:
                return
            self._masker, text, self._lead = masker, self._lead, b""
            self._choose_pass()
        self._masker.feed(text)

    def miss(self) -> Part:
        """Bytes are missing here; where the type is unknown, so may be a name."""
        if self._masker is None:
            self._masker = JsonMasker(self._secrets)
            self._masker.feed(self._lead)
            self._lead = b""
        if self._coded:
            self._break()
        else:
            self._masker.miss()
        return Part(self._offset, self._offset, b"", lost=True)

    def end(self) -> None:
        """The body ends here, or nothing more is known of it: all its parts are decided."""
        if self._masker is None:
            self._masker = TextMasker(self._secrets)
            self._masker.feed(self._lead)
            self._lead = b""
        if self._decoder is not None and "zstd" in self._codings and not self._broken:
            try:
                self._decoder.end()
            except ValueError:
                self._wire_until = self._offset
        self._masker.end()
        self._ended = True

    def give_up(self) -> None:
        """Decide on all parts at once, at the cost of what is held."""
        if self._masker is not None:
            self._masker.give_up()
        else:
            self.miss()
        self._undone = self._coded

    def decided(self, part: Part) -> bool:
        """Whether `part` can be rendered."""
        if part.lost or self.opaque:
            return True
        masker = self._masker
        if masker is None or masker.settled < part.end:
            return False
        if not self._coded or self._undone or self._ended or self._broken or masker.settled > part.end:
            return True
        return part.flushed or bool(_within(masker, part)[1])

    def render(self, part: Part) -> Outcome:
        """What becomes of `part`; parts are rendered in their order, each once."""
        masker = self._masker
        if masker is None or self.opaque:
            return Outcome(part.lost, False, [])
        if not self._coded and not part.lost and not masker.edits and not masker.lost:
            return UNTOUCHED
        lost, edits = _within(masker, part)
        _forget(masker, part.end)
        late = self._wire_until is not None and part.end >= self._wire_until
        # Nothing is kept of bytes that have to be undone and gave nothing.
        lost = lost or part.lost or (late and part.start == part.end)
        self._undone = self._undone or (self._coded and (lost or late or bool(edits)))
        return Outcome(lost, self._undone, edits)

    def fork(self) -> Self:
        """The same body, going on apart on the other side of the proxy."""
        twin = type(self).__new__(type(self))
        twin.__dict__.update(self.__dict__)
        if self._masker is not None:
            twin._masker = self._masker.fork()
        if self._decoder is not None and not self._broken:
            twin._decoder = self._second_decoder()
            if twin._decoder is None:
                # What follows on the one side that goes on apart is lost.
                twin._broken = True
                twin._wire_until = self._offset
        self._came = twin._came = None  # sides of an encoded body stay apart
        twin._choose_pass()
        return twin

    def _second_decoder(self) -> Decoder | None:
        """A decoder in the state of this one's; None where too much has come to do it again."""
        if self._came is None:
            return None
        decoder = decoder_for(",".join(self._codings))
        if decoder is not None:
            try:
                decoder.feed(bytes(self._came))
            except ValueError:
                return None  # all of it at once is more than a decoder gives out at once
        return decoder

    def can_stand_for(self, twin: Self) -> bool:
        """Whether the other side's body has come to the same place, and one is enough for both again."""
        mine, its = self._masker, twin._masker
        if mine is None or its is None or type(mine) is not type(its) or self._coded or twin._coded:
            return False
        return mine.at_rest() and its.at_rest() and mine.fed == its.fed


def _look_closer(data: bytes) -> bool:
    return False


def _forget(masker: Masker, end: int) -> None:
    """Drop what concerns nothing from `end` on."""
    if masker.edits:
        count = next((at for at, edit in enumerate(masker.edits) if edit.end > end), len(masker.edits))
        del masker.edits[:count]
    if masker.lost:
        count = next((at for at, (_, last) in enumerate(masker.lost) if last > end), len(masker.lost))
        del masker.lost[:count]


def _within(masker: Masker, part: Part) -> tuple[bool, list[Edit]]:
    """Whether anything of `part` is lost, and the edits that concern it."""
    lost = any(start < part.end and end > part.start for start, end in masker.lost)
    edits = []
    for edit in masker.edits:
        if edit.start >= part.end:
            break
        if edit.end > part.start:
            edits.append(edit)
    return lost, edits
