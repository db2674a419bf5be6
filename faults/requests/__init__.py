"""Faults of requests: Requests on their way to the service."""

from faults.fault import Fault

FAULTS: tuple[type[Fault], ...] = ()
