"""What a fault leaves to a script of another origin: cases of one plan, told apart by the query's `case`."""

from dataclasses import dataclass
from enum import StrEnum

from tests.injection.bench import ID


class Gets(StrEnum):
    """What the script gets of the answer."""

    NOTHING = "nothing: fetch fails"
    ALL_BUT_ID = "status and body, and no ID"
    ALL = "status, body and ID"


NOTHING, ALL_BUT_ID, ALL = Gets.NOTHING, Gets.ALL_BUT_ID, Gets.ALL


class Asks(StrEnum):
    """What the script asks for."""

    STREAM = "a stream, without a preflight"
    ASKED_STREAM = "a stream, after a preflight"
    TYPED_STREAM = "a stream, after a preflight for its media type alone"
    REFUSED = "an update that is refused with 400, without a preflight"
    ASKED_REFUSED = "an update that is refused with 400, after a preflight"
    MOVED = "a stream that the service redirects to another one"
    ASKED_DELETE = "an end, after a preflight"


@dataclass(frozen=True, slots=True)
class ScriptCase:
    """A fault by its settings in the plan (none for empty ones), and what comes of it.

    `include` sends the request with credentials, which are a cookie, unless `is_bare`: the page has none
    for that host, so that the traffic does not show the mode. `only` restricts the fault further.
    """

    gets: Gets
    settings: str = ""
    asks: Asks = Asks.STREAM
    include: bool = False
    only: str = ""
    is_bare: bool = False

    @property
    def kind(self) -> str:
        """The kind of its fault."""
        return self.settings.partition(" | ")[0]

    def table(self, name: str) -> str:
        """Its fault, for requests of the case `name`, preflights and redirected ones too."""
        if not self.settings:
            return ""
        kind, *lines = self.settings.split(" | ")
        match = f'~u "[?&]case={name}(&|$)"' + (f" & {self.only}" if self.only else "")
        return "\n".join(["[[fault]]", f'kind = "{kind}"', f'name = "{name}"', f"match = '{match}'", *lines])


POST = "~m POST"
_ID = 'names = ["X-Streaming-Session-Id"]'
_ORIGIN = 'names = ["Access-Control-Allow-Origin"]'
_TRUST = 'names = ["Access-Control-Allow-Credentials"]'
_ELSEWHERE = 'to = "/api/chat/sessions/elsewhere/stream{query}"'

HEALTHY = {
    "healthy": ScriptCase(ALL),
    "healthy-include": ScriptCase(ALL, include=True),
    "healthy-asked": ScriptCase(ALL, asks=Asks.ASKED_STREAM),
    "healthy-asked-include": ScriptCase(ALL, asks=Asks.ASKED_STREAM, include=True),
    "healthy-refused": ScriptCase(ALL_BUT_ID, asks=Asks.REFUSED, include=True),
    "healthy-asked-refused": ScriptCase(ALL_BUT_ID, asks=Asks.ASKED_REFUSED),
    "healthy-moved": ScriptCase(ALL, asks=Asks.MOVED),
    "healthy-delete": ScriptCase(ALL_BUT_ID, asks=Asks.ASKED_DELETE),
}

ORIGINS = {
    "slash": ScriptCase(NOTHING, 'wrong-origin | how = "trailing-slash"'),
    "slash-include": ScriptCase(NOTHING, 'wrong-origin | how = "trailing-slash"', include=True),
    "slash-asked": ScriptCase(NOTHING, 'wrong-origin | how = "trailing-slash"', Asks.ASKED_STREAM),
    "slash-refused": ScriptCase(NOTHING, 'wrong-origin | how = "trailing-slash"', Asks.REFUSED),
    "null": ScriptCase(NOTHING, 'wrong-origin | how = "null"'),
    "null-asked": ScriptCase(NOTHING, 'wrong-origin | how = "null"', Asks.ASKED_STREAM, include=True),
    "other": ScriptCase(NOTHING, 'wrong-origin | how = "other" | value = "https://other.example"'),
    "other-later": ScriptCase(
        NOTHING, 'wrong-origin | how = "other" | value = "https://a.example"', Asks.ASKED_STREAM, only=POST
    ),
    "star": ScriptCase(ALL, 'wrong-origin | how = "other" | value = "*"'),
    "star-asked": ScriptCase(ALL, 'wrong-origin | how = "other" | value = "*"', Asks.ASKED_STREAM),
    "star-include": ScriptCase(NOTHING, 'wrong-origin | how = "other" | value = "*"', include=True),
    "star-later": ScriptCase(
        NOTHING, 'wrong-origin | how = "other" | value = "*"', Asks.ASKED_STREAM, include=True, only=POST
    ),
    "twice": ScriptCase(NOTHING, "duplicate-origin"),
    "twice-star": ScriptCase(NOTHING, 'duplicate-origin | value = "*"', include=True),
    "twice-asked": ScriptCase(NOTHING, "duplicate-origin", Asks.ASKED_STREAM),
    "twice-refused": ScriptCase(NOTHING, "duplicate-origin", Asks.REFUSED),
    "no-origin": ScriptCase(NOTHING, f"strip-header | {_ORIGIN}"),
    "no-trust": ScriptCase(ALL, f"strip-header | {_TRUST}"),
    "no-trust-include": ScriptCase(NOTHING, f"strip-header | {_TRUST}", include=True),
    "trust-in-capitals": ScriptCase(
        NOTHING, 'set-header | header = "Access-Control-Allow-Credentials" | value = "True"', include=True
    ),
    "renamed-origin": ScriptCase(
        NOTHING, 'rename-header | header = "Access-Control-Allow-Origin" | to = "X-Allow-Origin"'
    ),
}

PREFLIGHTS = {
    **{
        f"preflight-{code}": ScriptCase(NOTHING, f"refuse-preflight | code = {code}", Asks.ASKED_STREAM)
        for code in (401, 403, 404, 405)
    },
    "preflight-403-include": ScriptCase(NOTHING, "refuse-preflight", Asks.ASKED_STREAM, include=True),
    "preflight-not-asked": ScriptCase(ALL, "refuse-preflight | code = 405"),
    "thin": ScriptCase(NOTHING, "thin-preflight", Asks.ASKED_STREAM),
    "thin-include": ScriptCase(NOTHING, "thin-preflight", Asks.ASKED_STREAM, include=True),
    "thin-type": ScriptCase(NOTHING, 'thin-preflight | leave-out = "content-type"', Asks.ASKED_STREAM),
    "thin-refused": ScriptCase(NOTHING, 'thin-preflight | leave-out = "Authorization"', Asks.ASKED_REFUSED),
    "thin-unasked": ScriptCase(ALL, 'thin-preflight | leave-out = "X-User-ID"', Asks.ASKED_STREAM),
    "thin-post": ScriptCase(ALL, 'thin-preflight | leave-out = "POST"', Asks.ASKED_STREAM),
    "thin-delete": ScriptCase(NOTHING, 'thin-preflight | leave-out = "DELETE"', Asks.ASKED_DELETE),
    "all-headers": ScriptCase(
        ALL, 'set-header | header = "Access-Control-Allow-Headers" | value = "*"', Asks.ASKED_STREAM
    ),
    "all-headers-include": ScriptCase(
        NOTHING,
        'set-header | header = "Access-Control-Allow-Headers" | value = "*"',
        Asks.TYPED_STREAM,
        include=True,
    ),
}

_EXPOSE = 'header = "Access-Control-Expose-Headers"'
EXPOSED = {
    "no-list": ScriptCase(ALL_BUT_ID, "bad-expose-grammar"),
    "no-list-include": ScriptCase(ALL_BUT_ID, "bad-expose-grammar", Asks.ASKED_STREAM, include=True),
    "no-list-own": ScriptCase(
        ALL_BUT_ID, 'bad-expose-grammar | value = "X-Streaming-Session-Id; X-Request-Id"'
    ),
    "no-list-refused": ScriptCase(ALL_BUT_ID, "bad-expose-grammar", Asks.REFUSED),
    "replaced": ScriptCase(ALL_BUT_ID, 'replace-expose | value = ["X-Request-Id"]'),
    "replaced-asked": ScriptCase(ALL_BUT_ID, 'replace-expose | value = ["ETag"]', Asks.ASKED_STREAM),
    "replaced-alike": ScriptCase(ALL, 'replace-expose | value = ["ETag", "x-streaming-session-id"]'),
    "stripped": ScriptCase(ALL_BUT_ID, "strip-expose"),
    "stripped-include": ScriptCase(ALL_BUT_ID, "strip-expose", Asks.ASKED_STREAM, include=True),
    "stripped-refused": ScriptCase(ALL_BUT_ID, "strip-expose", Asks.REFUSED),
    "wildcard": ScriptCase(ALL, "expose-wildcard"),
    "wildcard-include": ScriptCase(ALL_BUT_ID, "expose-wildcard", include=True),
    "wildcard-asked": ScriptCase(ALL, "expose-wildcard", Asks.ASKED_STREAM),
    "wildcard-asked-include": ScriptCase(ALL_BUT_ID, "expose-wildcard", Asks.ASKED_STREAM, include=True),
    "wildcard-bare": ScriptCase(ALL_BUT_ID, "expose-wildcard", include=True, is_bare=True),
    "wildcard-omit-bare": ScriptCase(ALL, "expose-wildcard", is_bare=True),
    "preflight-only": ScriptCase(ALL_BUT_ID, "expose-on-preflight-only", Asks.ASKED_STREAM),
    "preflight-only-include": ScriptCase(ALL_BUT_ID, "expose-on-preflight-only", include=True),
    "renamed-expose": ScriptCase(ALL_BUT_ID, f'rename-header | {_EXPOSE} | to = "X-Expose"'),
    "expose-twice": ScriptCase(ALL, f'duplicate-header | {_EXPOSE} | value = "ETag"'),
    "expose-twice-no-list": ScriptCase(ALL_BUT_ID, f'duplicate-header | {_EXPOSE} | value = "a b"'),
}

LAYERS = {
    "no-vary": ScriptCase(ALL, "drop-vary", Asks.ASKED_STREAM, include=True),
    "errors": ScriptCase(NOTHING, "strip-cors-on-errors", Asks.REFUSED),
    "errors-asked": ScriptCase(NOTHING, "strip-cors-on-errors", Asks.ASKED_REFUSED, include=True),
    "errors-stream": ScriptCase(ALL, "strip-cors-on-errors"),
    "streams": ScriptCase(NOTHING, "strip-cors-on-stream", include=True),
    "streams-asked": ScriptCase(NOTHING, "strip-cors-on-stream", Asks.ASKED_STREAM),
    "streams-refused": ScriptCase(ALL_BUT_ID, "strip-cors-on-stream", Asks.REFUSED),
    "allow-list": ScriptCase(NOTHING, 'keep-only | names = ["Content-Type", "X-Streaming-Session-Id"]'),
}

HEADS = {
    "no-id": ScriptCase(ALL_BUT_ID, f"strip-header | {_ID}"),
    "no-id-asked": ScriptCase(ALL_BUT_ID, f"strip-header | {_ID}", Asks.ASKED_STREAM, include=True),
    "renamed-id": ScriptCase(
        ALL_BUT_ID, 'rename-header | header = "X-Streaming-Session-Id" | to = "X-Stream-Id"'
    ),
    "small-letters": ScriptCase(ALL, 'recase-header | style = "lower"'),
    "id-twice": ScriptCase(ALL, 'duplicate-header | header = "X-Streaming-Session-Id"'),
    "id-and-other": ScriptCase(
        ALL, 'duplicate-header | header = "X-Streaming-Session-Id" | value = "stream-1"', include=True
    ),
    "other-id": ScriptCase(ALL, "substitute-id"),
    "503": ScriptCase(ALL_BUT_ID, "status | code = 503"),
    "503-include": ScriptCase(ALL_BUT_ID, "status | code = 503", include=True),
    "503-asked": ScriptCase(NOTHING, "status | code = 503", Asks.ASKED_STREAM),
    "503-later": ScriptCase(ALL_BUT_ID, "status | code = 503", Asks.ASKED_STREAM, only=POST),
    "503-bare": ScriptCase(NOTHING, 'status | code = 503 | cors = "drop"'),
    "502-bare-later": ScriptCase(
        NOTHING, 'status | code = 502 | cors = "drop"', Asks.ASKED_STREAM, only=POST
    ),
    "redirect": ScriptCase(ALL, f"redirect | code = 307 | {_ELSEWHERE}"),
    "redirect-include": ScriptCase(ALL, f"redirect | code = 308 | {_ELSEWHERE}", include=True),
    "redirect-asked": ScriptCase(NOTHING, f"redirect | code = 307 | {_ELSEWHERE}", Asks.ASKED_STREAM),
    "redirect-later": ScriptCase(ALL, f"redirect | code = 307 | {_ELSEWHERE}", Asks.ASKED_STREAM, only=POST),
    "redirect-to-get": ScriptCase(ALL_BUT_ID, f"redirect | code = 302 | {_ELSEWHERE}"),
    "moved-bare": ScriptCase(NOTHING, f"strip-header | {_ORIGIN}", Asks.MOVED, only="~c 307"),
    "moved-to-bare": ScriptCase(NOTHING, f"strip-header | {_ORIGIN}", Asks.MOVED, only="~c 200"),
    "moved-twice": ScriptCase(NOTHING, "duplicate-origin", Asks.MOVED, include=True),
}

CASES = HEALTHY | ORIGINS | PREFLIGHTS | EXPOSED | LAYERS | HEADS

BARE = {
    "star-bare": ScriptCase(
        NOTHING, 'wrong-origin | how = "other" | value = "*"', include=True, is_bare=True
    ),
    "no-trust-bare": ScriptCase(NOTHING, f"strip-header | {_TRUST}", include=True, is_bare=True),
}
"""Where a script gets nothing because it includes credentials, and nothing in the traffic shows that."""

BODY = (
    b'event: chunk\ndata: {"text":"x"}\n\nevent: done\ndata: {"message":"Stream complete","tokensUsed":1}\n\n'
)
REFUSAL = b'{"message":"Streaming session ID mismatch"}'


def cors_lines(origin: str) -> tuple[bytes, ...]:
    """What a service that does everything right says to scripts of `origin`."""
    return (
        b"Access-Control-Allow-Origin: " + origin.encode(),
        b"Access-Control-Allow-Credentials: true",
        b"Vary: Origin",
    )


EXPOSING = (b"Access-Control-Expose-Headers: X-Streaming-Session-Id",)
ALLOWING = (
    b"Access-Control-Allow-Methods: GET, POST, DELETE",
    b"Access-Control-Allow-Headers: Authorization, Content-Type, X-User-ID",
)
STREAMING = (b"Content-Type: text/event-stream", b"Cache-Control: no-cache", b"X-Streaming-Session-Id: " + ID)
