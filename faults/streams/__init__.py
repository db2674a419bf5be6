"""Faults of bodies: when their bytes leave, how they are grouped, and which events get through."""

from faults.fault import Fault
from faults.streams.append_after_terminal import AppendAfterTerminal
from faults.streams.close_delimited import CloseDelimited
from faults.streams.coalesce import Coalesce
from faults.streams.corrupt_event import CorruptEvent
from faults.streams.delay import Delay
from faults.streams.drop_event import DropEvent
from faults.streams.drop_terminal import DropTerminal
from faults.streams.escape_newlines import EscapeNewlines
from faults.streams.idle_cut import IdleCut
from faults.streams.jitter import Jitter
from faults.streams.recompress import Recompress
from faults.streams.reorder_events import ReorderEvents
from faults.streams.repeat_event import RepeatEvent
from faults.streams.replay_cached import ReplayCached
from faults.streams.split import Split
from faults.streams.stall import Stall
from faults.streams.throttle import Throttle
from faults.streams.truncate import Truncate

FAULTS: tuple[type[Fault], ...] = (
    AppendAfterTerminal,
    CloseDelimited,
    Coalesce,
    CorruptEvent,
    Delay,
    DropEvent,
    DropTerminal,
    EscapeNewlines,
    IdleCut,
    Jitter,
    Recompress,
    ReorderEvents,
    RepeatEvent,
    ReplayCached,
    Split,
    Stall,
    Throttle,
    Truncate,
)
