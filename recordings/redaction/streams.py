"""Redact bodies that are a sequence of units, released one by one: SSE events and lines of JSON."""

import re
from collections import deque

from recordings.redaction.bodies import Masker, json_edits
from recordings.redaction.json_spans import is_wide
from recordings.redaction.secrets import Edit, Secrets

_BLANK = re.compile(rb"(?:\n[\r\n]|\r\r)\n?")
_LINE = re.compile(rb"([^\r\n]*+)(?:\r\n|\r|\n|$)")
_BOM = b"\xef\xbb\xbf"
_JSON_STARTS = (b"{", b"[", b'"')
_EVENT_ENDS = (b"\n\n", b"\r\n\r\n", b"\r\r")


class SseMasker(Masker):
    """text/event-stream (HTML §9.2): events are decided one by one; JSON in their data is redacted.

    An event is complete with its blank line. One that is not at the end of the stream is taken as one:
    the standard drops it, but its bytes are recorded. An event whose data is broken JSON with what could
    be a secret's name is lost.
    """

    def passes(self, text: bytes) -> bool:
        """Whether `text` is whole events without a secret, at the start of an event."""
        if self._held or self._skipping or not text.endswith(_EVENT_ENDS):
            return False
        if self._possible_name(text) or self._maybe_in(text):
            return False
        self.settled += len(text)
        return True

    def at_rest(self) -> bool:
        """Whether nothing is held, skipped or still to be rendered: all starts anew with a whole event."""
        return not (self._held or self._skipping or self.edits or self.lost)

    def _cut(self, seen: int) -> int:
        cut = 0
        for match in _BLANK.finditer(self._held, max(0, seen - 2)):
            cut = match.end()
        return cut

    def _resume(self) -> int | None:
        match = _BLANK.search(self._held)
        return match.end() if match else None

    def _mask(self, unit: bytes) -> None:
        edits: list[Edit] = []
        if self._secrets.possible_name(unit):
            start = 0
            for match in (*_BLANK.finditer(unit), None):
                end = match.end() if match else len(unit)
                found = self._event(unit[start:end], start)
                if found is None:
                    self._lost(start, end)
                else:
                    edits += found
                start = end
        self._hide(unit, edits)

    def _event(self, event: bytes, base: int) -> list[Edit] | None:
        """The replacements in one event, which starts at offset `base`; None where it cannot be kept."""
        if b"data:" not in event:
            return []
        lines: list[tuple[int, bytes]] = []
        for match in _LINE.finditer(event):
            line, at = match[1], match.start()
            if self.settled + base + at == 0 and line.startswith(_BOM):
                line, at = line[3:], at + 3
            if line.startswith(b"data:"):
                skip = 6 if line[5:6] == b" " else 5
                lines.append((base + at + skip, line[skip:]))
        if len(lines) == 1:
            edits = payload_edits(lines[0][1], self._secrets)
            return None if edits is None else [Edit(lines[0][0] + start, token) for start, token in edits]
        edits = payload_edits(b"\n".join(line for _, line in lines), self._secrets)
        return None if edits is None else _spread(sorted(edits), lines)


class LinesMasker(Masker):
    """Lines of JSON (application/x-ndjson, application/jsonl): each line is decided by itself."""

    def passes(self, text: bytes) -> bool:
        """Whether `text` is whole lines without a secret, at the start of a line."""
        if self._held or self._skipping or not text.endswith(b"\n"):
            return False
        if self._possible_name(text) or self._maybe_in(text):
            return False
        self.settled += len(text)
        return True

    def at_rest(self) -> bool:
        """Whether nothing is held, skipped or still to be rendered: all starts anew with a whole line."""
        return not (self._held or self._skipping or self.edits or self.lost)

    def _cut(self, seen: int) -> int:
        return self._held.rfind(b"\n", seen) + 1

    def _resume(self) -> int | None:
        return (self._held.find(b"\n") + 1) or None

    def _mask(self, unit: bytes) -> None:
        edits: list[Edit] = []
        if self._secrets.possible_name(unit):
            start = 0
            for line in re.findall(rb"[^\n]*\n|[^\n]+", unit):
                found = payload_edits(line, self._secrets)
                if found is None:
                    self._lost(start, start + len(line))
                else:
                    edits += [Edit(start + at, token) for at, token in found]
                start += len(line)
        self._hide(unit, edits)


def payload_edits(text: bytes, secrets: Secrets) -> list[Edit] | None:
    """The replacements in JSON or any other text; None for broken JSON that may hold a secret."""
    if text.lstrip(b" \t\r\n\x1e\xef\xbb\xbf")[:1] in _JSON_STARTS or is_wide(text):
        return json_edits(text, secrets)
    if not secrets.possible_name(text):
        return []
    return secrets.loose_edits(text)


def _spread(edits: list[Edit], lines: list[tuple[int, bytes]]) -> list[Edit]:
    """Edits of several data lines, which a line feed joins, as edits of the event."""
    spread: list[Edit] = []
    waiting = deque(edits)
    joined = 0
    for start, line in lines:
        after = joined + len(line)
        while waiting and waiting[0].start < after:
            at, token = waiting[0]
            first, last = max(at, joined), min(at + len(token), after)
            if first < last:
                spread.append(Edit(start + first - joined, token[first - at : last - at]))
            if waiting[0].end > after:
                break
            waiting.popleft()
        joined = after + 1
    return spread
