"""The pretended model: an answer to a message, word by word and in good time."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Iterator

from lab.settings import Settings

DETAILED = "very detailed"
"""A message that says so is answered for at least `Settings.detailed` seconds."""
FAILING = "fail mid-stream"
"""A message that says so makes the model fail after `FAILS_AFTER` tokens."""
FAILS_AFTER = 5

SENTENCES = (
    "A stream is a promise: each piece arrives as soon as it is known.",
    "The header names the stream before its first byte – keep it.",
    "What was said so far can be shown while the rest is still thought out.\n\n",
    "Not every reader stays until the end, and that is no one's fault.",
    "When the text is complete, the client brings it back under the same name.",
    "Café, naïve, 日本語 and 🚀 take more than one byte each, and may be cut anywhere.",
    "- First comes the question,\n- then the answer,\n- and last the receipt.\n",
)


class ModelError(Exception):
    """The model gave up in the middle of an answer."""


def words(message: str) -> Iterator[str]:
    """The answer's tokens, without an end; the same message gets the same answer."""
    order = random.Random(message)
    yield from ("You", " asked", ":", f" “{message[:60]}”", ".")
    while True:
        for piece in order.choice(SENTENCES).split(" "):
            yield " " + piece


def count_tokens(text: str) -> int:
    """How many tokens a text has, as this model counts: its words."""
    return len(text.split())


def is_detailed(message: str) -> bool:
    """Whether the answer has to be a long one."""
    return DETAILED in message.casefold()


def estimate(message: str, settings: Settings) -> int:
    """Tokens to reserve for the question and its answer."""
    pace = max(settings.interval, 0.001)
    answer = max(settings.tokens, settings.detailed / pace if is_detailed(message) else 0)
    return count_tokens(message) + int(answer)


def whole_answer(message: str, settings: Settings) -> str:
    """The answer at once, for requests that are not streamed."""
    return "".join(piece for piece, _ in zip(words(message), range(settings.tokens), strict=False)).strip()


async def stream_answer(message: str, settings: Settings) -> AsyncIterator[str]:
    """The answer's tokens at `interval` seconds, give or take half; `ModelError` where the model fails.

    Times are met against a schedule, so that the pace does not drift under load.
    """
    jitter, start, due = random.Random(message), time.monotonic(), 0.0
    least = settings.detailed if is_detailed(message) else 0.0
    for index, piece in enumerate(words(message)):
        if index >= settings.tokens and time.monotonic() - start >= least:
            return
        if index >= FAILS_AFTER and FAILING in message.casefold():
            raise ModelError("The model stopped responding")
        yield piece
        due += max(settings.interval, 0.001 if index >= settings.tokens else 0.0) * jitter.uniform(0.5, 1.5)
        await asyncio.sleep(max(0.0, start + due - time.monotonic()))
