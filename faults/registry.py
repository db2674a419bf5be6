"""All kinds of faults, by name."""

from collections.abc import Mapping
from types import MappingProxyType

from faults import cors, heads, identity, requests, streams
from faults.fault import Fault

KINDS: Mapping[str, type[Fault]] = MappingProxyType(
    {kind.kind: kind for family in (heads, identity, cors, requests, streams) for kind in family.FAULTS}
)
