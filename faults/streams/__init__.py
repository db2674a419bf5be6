"""Faults of bodies: when their bytes leave, how they are grouped, and which events get through."""

from faults.fault import Fault
from faults.streams.append_after_terminal import AppendAfterTerminal
from faults.streams.corrupt_event import CorruptEvent
from faults.streams.delay import Delay
from faults.streams.drop_event import DropEvent
from faults.streams.drop_terminal import DropTerminal
from faults.streams.escape_newlines import EscapeNewlines
from faults.streams.reorder_events import ReorderEvents
from faults.streams.repeat_event import RepeatEvent
from faults.streams.truncate import Truncate

FAULTS: tuple[type[Fault], ...] = (
    AppendAfterTerminal,
    CorruptEvent,
    Delay,
    DropEvent,
    DropTerminal,
    EscapeNewlines,
    ReorderEvents,
    RepeatEvent,
    Truncate,
)
