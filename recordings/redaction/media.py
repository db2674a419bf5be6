"""Which masker a body needs, by its media type or, where that says nothing, by its first bytes."""

from functools import lru_cache

from recordings.redaction.bodies import FormMasker, JsonMasker, Masker, MultipartMasker, TextMasker
from recordings.redaction.forms import boundary_of
from recordings.redaction.secrets import Secrets
from recordings.redaction.streams import LinesMasker, SseMasker

_LINES = frozenset(
    (
        b"application/x-ndjson application/ndjson application/jsonl application/x-jsonlines "
        b"application/jsonlines "
        b"application/json-seq application/stream+json application/x-json-stream application/geo+json-seq"
    ).split()
)
_OPAQUE = (b"image/", b"audio/", b"video/", b"font/")
_OPAQUE_TYPES = frozenset(
    (
        b"application/zip application/gzip application/pdf application/wasm application/grpc "
        b"application/protobuf application/x-protobuf application/vnd.ms-fontobject"
    ).split()
)
_TELLS_NOTHING = frozenset((b"", b"text/plain", b"application/octet-stream", b"binary/octet-stream"))
_SSE_STARTS = (b"data:", b"event:", b"id:", b"retry:", b":")
_BOM = b"\xef\xbb\xbf"


def type_of(content_type: bytes) -> bytes:
    """The media type without its parameters, in lower case."""
    return content_type.partition(b";")[0].strip().lower()


@lru_cache(maxsize=256)
def is_opaque(content_type: bytes) -> bool:
    """Whether a body of this type holds no text to be searched (`image/svg+xml` does)."""
    plain = type_of(content_type)
    return (plain.startswith(_OPAQUE) and not plain.endswith(b"+xml")) or plain in _OPAQUE_TYPES


def masker_by_type(content_type: bytes, secrets: Secrets) -> Masker | None:
    """The masker for a media type; None where the type tells nothing and the first bytes must."""
    kind = _kind_by_type(content_type)
    if kind is MultipartMasker:
        return MultipartMasker(secrets, boundary_of(content_type))
    return kind(secrets) if kind else None


def is_json(content_type: bytes) -> bool:
    """Whether a body of this type is understood as JSON."""
    return _kind_by_type(content_type) is JsonMasker


@lru_cache(maxsize=256)
def _kind_by_type(content_type: bytes) -> type[Masker] | None:
    plain = type_of(content_type)
    if plain == b"text/event-stream":
        return SseMasker
    if plain in _LINES:
        return LinesMasker
    if plain.endswith((b"/json", b"+json")) or plain == b"application/csp-report":
        return JsonMasker
    if plain == b"application/x-www-form-urlencoded":
        return FormMasker
    if plain.startswith(b"multipart/"):
        return MultipartMasker
    return None if plain in _TELLS_NOTHING else TextMasker


def masker_by_start(start: bytes, secrets: Secrets) -> Masker | None:
    """The masker for a body that starts so: JSON, an event stream or any text; None while that is open."""
    begin = start.removeprefix(_BOM).lstrip(b" \t\r\n")
    if not begin or _BOM.startswith(start):
        return None
    if begin[:1] in (b"{", b"["):
        return JsonMasker(secrets)
    if begin.startswith(_SSE_STARTS):
        return SseMasker(secrets)
    if any(name.startswith(begin) for name in _SSE_STARTS):
        return None
    return TextMasker(secrets)
