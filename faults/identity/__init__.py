"""Faults of identity: The ID on its way to the client."""

from faults.fault import Fault
from faults.identity.mangle_id import MangleId
from faults.identity.stale_id import StaleId
from faults.identity.substitute_id import SubstituteId
from faults.identity.swap_ids import SwapIds

FAULTS: tuple[type[Fault], ...] = (MangleId, StaleId, SubstituteId, SwapIds)
