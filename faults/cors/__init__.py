"""Faults of cors: CORS headers on their way to the browser."""

from faults.fault import Fault

FAULTS: tuple[type[Fault], ...] = ()
