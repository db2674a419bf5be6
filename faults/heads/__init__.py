"""Faults of heads: of responses, and (with `on = "request"`) of requests."""

from faults.fault import Fault
from faults.heads.drop_underscored import DropUnderscored
from faults.heads.duplicate_header import DuplicateHeader
from faults.heads.keep_only import KeepOnly
from faults.heads.nominate_header import NominateHeader
from faults.heads.recase_header import RecaseHeader
from faults.heads.redirect import Redirect
from faults.heads.rename_header import RenameHeader
from faults.heads.set_header import SetHeader
from faults.heads.status import Status
from faults.heads.strip_header import StripHeader

FAULTS: tuple[type[Fault], ...] = (
    DropUnderscored,
    DuplicateHeader,
    KeepOnly,
    NominateHeader,
    RecaseHeader,
    Redirect,
    RenameHeader,
    SetHeader,
    Status,
    StripHeader,
)
