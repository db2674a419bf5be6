"""Faults of heads: of responses, and (with `on = "request"`) of requests."""

from faults.fault import Fault
from faults.heads.strip_header import StripHeader

FAULTS: tuple[type[Fault], ...] = (StripHeader,)
