"""What a value is called: whether its name says that it is an identifier, and of what.

A name is split into words (`nextPageToken`, `next_page_token`, `X-Next-Page-Token`: page, token), in
the singular and without those that say nothing. So `POST /carts` with `{"id": 7}`, `/carts/7`, `cart_id`
and `X-Cart-Id` all speak of a cart.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from replay.values import RPC_ANSWER, RPC_CALL

type Words = frozenset[str]


class Called(NamedTuple):
    """`words` are what it is of; `is_id` that it is an identifier at all.

    `is_bare` says that only the request tells of what (`id`); `is_lively` that such a value belongs to a
    session, never to a thing that stays (tokens, cursors), `is_key` that the name alone is of one (so that
    its value may be a word); `is_paired` that the protocol has the client send it back (entity tags,
    event IDs, cookies).
    """

    words: Words
    is_id: bool = False
    is_bare: bool = False
    is_lively: bool = False
    is_key: bool = False
    is_paired: bool = False


NOTHING: Words = frozenset()

_IDS = frozenset(["id", "uuid", "guid", "key", "ref", "reference", "handle"])
_LIVELY = frozenset(["token", "csrf", "xsrf", "cursor", "nonce", "continuation", "session", "sid", "ticket"])
_SILENT = frozenset(["x", "next", "prev", "previous", "new", "current", "my", "the", "active", "http"])
_OF_WRAPPERS = """
    data result results response payload body item items object attributes record entity value params
    arguments input output structuredcontent content meta
"""
_WRAPPERS = frozenset(_OF_WRAPPERS.split())
_OF_VERBS = "create add new open start begin init initialize initialise register post make insert issue"
_VERBS = frozenset(_OF_VERBS.split())
_NO_NOUNS = frozenset(["mcp", "rpc", "jsonrpc", "graphql", "api"])
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+")
_NOUN = re.compile(r"[A-Za-z]+(?:[_.-][A-Za-z]+)*")


@lru_cache(maxsize=4096)
def called(kind: str, hint: str) -> Called:
    """What `hint` (see `replay.values.Named`) says of a value in a place of `kind`."""
    if hint in (RPC_CALL, RPC_ANSWER):
        return Called(frozenset(["call"]), is_id=hint == RPC_CALL, is_paired=True)
    if hint.endswith("/"):
        noun = hint[:-1]
        return Called(frozenset(words(noun)) if is_noun(noun) else NOTHING, is_id=True)
    flat = hint.lower().replace("-", "").replace("_", "")
    if flat == "lasteventid":
        return Called(frozenset(["last event"]), is_id=True, is_paired=True)
    if kind == "header" and flat in ("etag", "ifmatch", "ifnonematch"):
        return Called(frozenset(["entity tag"]), is_id=True, is_paired=True)
    named = _of_path([step for step in hint.split(".") if step and not step.isdigit()])
    return named._replace(is_id=True, is_paired=True, is_key=False) if kind == "cookie" else named


def _of_path(path: list[str]) -> Called:
    """A dotted path of names, the last of which is the value's own."""
    own = words(path[-1]) if path else []
    if not own:
        return Called(NOTHING)
    last = own[-1]
    if not path[-1].lower().endswith(last):
        return Called(frozenset(own))  # in the plural: of `maxTokens` none is a token
    if last in _LIVELY:
        return Called(
            frozenset("session" if word == "sid" else word for word in own), is_id=True, is_lively=True
        )
    if last not in _IDS:
        return Called(frozenset(own))
    if len(own) > 1:
        return Called(
            frozenset(own[:-1]), is_id=True, is_lively=own[-2] in ("session", "stream", "streaming")
        )
    for parent in reversed(path[:-1]):
        if parent.lower().lstrip("_") not in _WRAPPERS:
            return Called(frozenset(words(parent)), is_id=True)
    return Called(NOTHING, is_id=True, is_bare=True)


def words(name: str) -> list[str]:
    """The words of a name in lower case, singular, without those that say nothing."""
    found = [_singular(word.lower()) for word in _WORD.findall(name)]
    return [word for word in found if word not in _SILENT and not word.isdigit()] or found[-1:]


def _singular(word: str) -> str:
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("sses", "xes", "ches", "shes", "uses")):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def is_noun(segment: str) -> bool:
    """Whether a segment of a path is a word (or several), and says something."""
    return _NOUN.fullmatch(segment) is not None and segment.lower() not in _NO_NOUNS


@lru_cache(maxsize=4096)
def issued_nouns(literal: str) -> tuple[Words, ...]:
    """What a request to a path makes: `carts` for `POST /carts`; `literal` has only its words, by `/`."""
    steps = [step for step in literal.split("/") if step]
    if steps and not is_noun(steps[-1]):
        return ()
    nouns = [frozenset(words(step)) for step in reversed(steps) if is_noun(step)]
    return tuple(nouns[:2] if nouns and nouns[0] & _VERBS else nouns[:1])


@lru_cache(maxsize=4096)
def asked_nouns(literal: str) -> tuple[Words, ...]:
    """What an `id` in a request to a path could be of."""
    return tuple(frozenset(words(step)) for step in literal.split("/") if is_noun(step))


def fit(some: Iterable[Words], others: Iterable[Words]) -> bool:
    """Whether one of the first and one of the second speak of the same."""
    return any(one and two and (one <= two or two <= one) for one in some for two in others)
