"""What a client makes of an answer: the ID, the text that was streamed, values to go on with."""

from dataclasses import dataclass

from contract.bodies import Body, Plain, as_text, at_path, parsed
from contract.cors import Readable
from contract.events import RequestHead
from contract.headers import content_coding, media_type
from contract.places import InBody, Reading, in_head
from contract.profile import Profile
from contract.profile_sections import Issue
from contract.rules.cors import id_readable
from contract.sse import SseEvent, SseParser
from recordings.decoding import DECODERS
from replay.probing.client import Answer, Ending

_MESSAGE = 120


@dataclass(frozen=True, slots=True)
class Transcript:
    """What was read of a stream: its text, and how many tokens the service says it took (or events came)."""

    text: str = ""
    tokens: int = 0


def issued(issue: Issue, answer: Answer) -> Reading | None:
    """The ID as a client that is no script finds it; None where there is none, or an empty one."""
    head = answer.head
    if head is None:
        return None
    if issue.id.header:
        reading = in_head(issue.id, head.headers)
    else:
        body = InBody(issue.id, content_coding(head.headers), DECODERS)
        for chunk in answer.chunks:
            body.feed(chunk)
        body.end()
        reading = body.reading
    return reading if reading is not None and reading.id else None


def as_a_script(reading: Reading, request: RequestHead, answer: Answer) -> Readable | None:
    """Whether a script could read that ID; None where nothing came."""
    return id_readable(reading, request, answer.head) if answer.head else None


def transcript(profile: Profile, answer: Answer) -> Transcript:
    """The text of the events' JSON members that the profile calls strings; the terminal's first integer."""
    texts: list[str] = []
    tokens = 0
    for event in _events(answer):
        wanted = profile.sse.payloads.get(event.event)
        value = parsed(event.data.encode("utf-8", "surrogatepass"))
        members = wanted.required.items() if wanted else ()
        if event.event in profile.sse.terminal:
            numbers = [at_path(value, name) for name, kind in members if kind == "integer"]
            tokens = next((each for each in numbers if type(each) is int), tokens)
            continue
        strings = [at_path(value, name) for name, kind in members if kind == "string"]
        texts += [each for each in strings if isinstance(each, str)]
    return Transcript("".join(texts), tokens or len(texts))


def saved(answer: Answer, path: str) -> str | None:
    """The value at a JSON path of the answer's body, as text."""
    return as_text(at_path(parsed(content(answer)), path))


def said(answer: Answer) -> str:
    """The `message` or `error` of a JSON answer in one line, for people; '' where there is none."""
    value = parsed(content(answer))
    found = [at_path(value, name) for name in ("message", "error", "detail")]
    text = next((each for each in found if isinstance(each, str)), "")
    return text if len(text) <= _MESSAGE else f"{text[:_MESSAGE]}…"


def content(answer: Answer) -> bytes:
    """The body without its content-coding; empty where it cannot be undone."""
    if answer.head is None:
        return b""
    body = Body(content_coding(answer.head.headers), DECODERS)
    for chunk in answer.chunks:
        body.feed(chunk)
    if answer.ending is Ending.COMPLETE:
        body.end()
    return body.content()


def cookies(answer: Answer, wanted: tuple[str, ...]) -> dict[str, str]:
    """The cookies of these names that an answer sets (RFC 6265 §5.2)."""
    found: dict[str, str] = {}
    for name, line in answer.head.headers if answer.head else ():
        if name.lower() == b"set-cookie":
            key, equals, value = line.decode("latin-1").partition(";")[0].partition("=")
            if equals and key.strip() in wanted:
                found[key.strip()] = value.strip()
    return found


def _events(answer: Answer) -> list[SseEvent]:
    head = answer.head
    if head is None or media_type(head.headers) != "text/event-stream":
        return []
    plain, parser = Plain(content_coding(head.headers), DECODERS), SseParser()
    events: list[SseEvent] = []
    for chunk in answer.chunks:
        events += parser.feed(plain.feed(chunk))
    return events
