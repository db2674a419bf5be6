"""Faults of bodies: when their bytes leave, how they are grouped, and which events get through."""

from faults.fault import Fault
from faults.streams.delay import Delay

FAULTS: tuple[type[Fault], ...] = (Delay,)
