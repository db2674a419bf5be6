"""Faults of cors: CORS headers on their way to the browser."""

from faults.cors.bad_expose_grammar import BadExposeGrammar
from faults.cors.drop_vary import DropVary
from faults.cors.duplicate_origin import DuplicateOrigin
from faults.cors.expose_on_preflight_only import ExposeOnPreflightOnly
from faults.cors.expose_wildcard import ExposeWildcard
from faults.cors.refuse_preflight import RefusePreflight
from faults.cors.replace_expose import ReplaceExpose
from faults.cors.strip_cors_on_errors import StripCorsOnErrors
from faults.cors.strip_cors_on_stream import StripCorsOnStream
from faults.cors.strip_expose import StripExpose
from faults.cors.thin_preflight import ThinPreflight
from faults.cors.wrong_origin import WrongOrigin
from faults.fault import Fault

FAULTS: tuple[type[Fault], ...] = (
    BadExposeGrammar,
    DropVary,
    DuplicateOrigin,
    ExposeOnPreflightOnly,
    ExposeWildcard,
    RefusePreflight,
    ReplaceExpose,
    StripCorsOnErrors,
    StripCorsOnStream,
    StripExpose,
    ThinPreflight,
    WrongOrigin,
)
