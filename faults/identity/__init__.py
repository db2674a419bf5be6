"""Faults of identity: The ID on its way to the client."""

from faults.fault import Fault

FAULTS: tuple[type[Fault], ...] = ()
