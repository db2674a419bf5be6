"""Every cause that a diagnosis can name, and the order in which they are looked for.

What is found first may explain what would be found later: an ID that a hop took away explains a client
that invents one. So the order is that of the wire: the answer with the ID, its stream, what scripts could
read of it, the echo on its way, the service's answer to it, and last the client.
"""

from collections.abc import Callable, Iterator
from types import MappingProxyType

from contract.case import Case
from contract.causes import client, cors, ids, requests, server, streams, unsolved
from contract.causes.cause import Cause, Party
from contract.experience import Experience
from contract.incidents import Incident

type Family = Callable[[Case, Experience], Iterator[Incident]]

FAMILIES: tuple[Family, ...] = (
    ids.find,
    streams.find,
    cors.find,
    requests.find,
    server.find,
    client.find,
    unsolved.find,
)

EXPECTED = "expected-rejection"
"""A deliberate negative probe, refused as it should be: counted, and no incident."""

_NOBODY, _CLIENT, _SERVER = Party.NOBODY, Party.CLIENT, Party.SERVER
_HOP, _CORS = Party.NETWORK, Party.CORS

_ALL = (
    Cause(
        EXPECTED,
        _NOBODY,
        "A negative test was refused, as it should be: no incident.",
        "a value that the profile's `probes` has, or a wrong try beside right ones",
    ),
    Cause(
        "client-never-extracted",
        _CLIENT,
        "The client sends no ID, though it could read one.",
        "the ID is on the client's side, a script could read it, and 0 of n updates carry any",
    ),
    Cause(
        "client-fabricated-id",
        _CLIENT,
        "The client sends an ID of its own making.",
        "in the shape of an ID, never issued to anybody, while a real one was there to be read",
    ),
    Cause(
        "client-case-sensitive",
        _CLIENT,
        "The client looks the header up in exactly one spelling.",
        "the name came in other letters (HTTP/2, a lower-casing hop), and only then is the ID lost",
    ),
    Cause(
        "client-stale-id",
        _CLIENT,
        "The client sends the ID of an earlier stream.",
        "equal to an earlier ID of the same scope",
    ),
    Cause(
        "client-cross-wired",
        _CLIENT,
        "The client sends the ID of another chat, or of another user.",
        "equal to an ID of another scope or caller",
    ),
    Cause(
        "client-altered-id",
        _CLIENT,
        "The client changes the ID before it sends it.",
        "equal to the issued one after a named normalisation",
    ),
    Cause(
        "client-double-commit",
        _CLIENT,
        "The client saves twice.",
        "a second update with an ID whose first was accepted",
    ),
    Cause(
        "server-name-mismatch",
        _SERVER,
        "The service sends the ID under another name than the contract has.",
        "another header of the service's has it: a known other name, or a value in the ID's format",
    ),
    Cause(
        "server-never-issued",
        _SERVER,
        "The service sends no ID.",
        "none under any name, on the service's side already",
    ),
    Cause(
        "server-malformed-id",
        _SERVER,
        "The service sends an ID in a form that is none.",
        "quotes, blanks or another format, on the service's side already",
    ),
    Cause(
        "server-reused-id",
        _SERVER,
        "The service issues one ID twice.",
        "the same value in two answers, and nothing that speaks of a cache",
    ),
    Cause(
        "server-race",
        _SERVER,
        "The service sends the ID before it has stored it.",
        "the right ID is refused soon after its issue, and the same one accepted later",
    ),
    Cause(
        "server-not-stored",
        _SERVER,
        "The service sends an ID and never stores it.",
        "right IDs are refused at any age, to the last",
    ),
    Cause(
        "server-altered-id",
        _SERVER,
        "The service stores another form of the ID than it sends.",
        "the ID that it says it expected equals the issued one after a named normalisation",
    ),
    Cause(
        "server-expired",
        _SERVER,
        "The service forgets the ID too soon.",
        "young IDs are accepted, older ones refused, and the ages do not overlap",
    ),
    Cause(
        "server-overwritten",
        _SERVER,
        "A newer stream takes the place of an older one's ID.",
        "the ID that it says it expected was issued later, to another stream",
    ),
    Cause(
        "server-no-affinity",
        _SERVER,
        "The instance that is asked does not know the ID that another one issued.",
        "refused by an instance that did not issue it; accepted about 1 time in n",
    ),
    Cause(
        "server-accepts-invalid",
        _SERVER,
        "The service accepts an ID that it must refuse.",
        "SV302: an update that should have been refused got a 2xx",
    ),
    Cause(
        "server-wrong-status",
        _SERVER,
        "The service refuses with another status or body than the contract has.",
        "SV303: the refusal's words, under another status or in another form",
    ),
    Cause(
        "server-bad-sse",
        _SERVER,
        "The service's event stream is malformed.",
        "SS501–SS506 with the same bytes on both sides",
    ),
    Cause(
        "server-truncated",
        _SERVER,
        "The service's answer breaks off.",
        "the cut is on the service's side already, after no typical time-out",
    ),
    Cause(
        "server-duplicated",
        _SERVER,
        "The service sends the ID's header twice.",
        "both lines are on the service's side already",
    ),
    Cause(
        "server-buffered",
        _SERVER,
        "The service itself lets its events go in one burst.",
        "never concluded, only possible: beside network-buffered, where one tap cannot tell them apart",
    ),
    Cause(
        "network-stripped",
        _HOP,
        "A hop takes the ID's header away.",
        "in on the service's side, out absent, and its value under no other name",
    ),
    Cause("network-renamed", _HOP, "A hop renames the ID's header.", "the same value under another name"),
    Cause("network-rewritten", _HOP, "A hop replaces the ID by another.", "the same name with another value"),
    Cause("network-duplicated", _HOP, "A hop doubles the ID's header.", "one line in, several out"),
    Cause(
        "network-replaced",
        _HOP,
        "A hop answers in the service's place, though the service did answer.",
        "another status on the client's side than on the service's",
    ),
    Cause(
        "network-request-stripped",
        _HOP,
        "A hop takes the ID out of the update.",
        "the client sent it; the service got none, or says so",
    ),
    Cause(
        "network-request-rewritten",
        _HOP,
        "A hop changes the ID in the update.",
        "the service got another one than the client sent, or says so",
    ),
    Cause(
        "network-request-dropped",
        _HOP,
        "A hop never passes the request on.",
        "on the client's side, and not on the service's",
    ),
    Cause(
        "network-request-repeated",
        _HOP,
        "A hop sends the update twice.",
        "one from the client, two to the service: the second is refused",
    ),
    Cause(
        "network-unreachable",
        _HOP,
        "No connection to the service can be made.",
        "the proxy's own words for it, and no answer",
    ),
    Cause(
        "network-cached",
        _HOP,
        "A cache answers with an old stream.",
        "HT605, or an old ID without the service having been asked",
    ),
    Cause(
        "network-buffered",
        _HOP,
        "A hop holds events back.",
        "a late burst in the same coding",
    ),
    Cause(
        "network-compressed",
        _HOP,
        "A hop compresses the stream, and so holds events back.",
        "a new Content-Encoding, with or without a burst",
    ),
    Cause(
        "network-slowed",
        _HOP,
        "A hop passes events on late, but not in a burst.",
        "each side's times: delayed, and still spread out",
    ),
    Cause(
        "network-truncated",
        _HOP,
        "A hop cuts the stream.",
        "cut on the client's side; complete, or left by the hop, on the service's",
    ),
    Cause(
        "network-idle-timeout",
        _HOP,
        "A hop cuts a silent stream.",
        "cut after a silence of a typical time-out",
    ),
    Cause(
        "network-body-changed",
        _HOP,
        "A hop changes the stream's bytes.",
        "other bytes on the client's side than on the service's, in the same coding",
    ),
    Cause(
        "network-redirected",
        _HOP,
        "A redirect loses method, body or preflight.",
        "HT607, or a preflight that is redirected",
    ),
    Cause(
        "cors-not-exposed",
        _CORS,
        "No answer exposes the ID to scripts of other origins.",
        "never listed in Access-Control-Expose-Headers, on either side",
    ),
    Cause(
        "cors-expose-stripped",
        _CORS,
        "A hop takes the ID's name out of Access-Control-Expose-Headers.",
        "listed on the service's side only",
    ),
    Cause(
        "cors-expose-malformed",
        _CORS,
        "Access-Control-Expose-Headers is no list, so that it exposes nothing.",
        "CO404: a line of it is no list of names, which makes all of them count for nothing",
    ),
    Cause(
        "cors-wildcard-credentials",
        _CORS,
        "Access-Control-Expose-Headers is *, which means nothing where cookies are sent.",
        "CO403: * with a cookie in the request, where it is a literal name",
    ),
    Cause(
        "cors-preflight-only",
        _CORS,
        "The ID is exposed on the answer to OPTIONS, where it has no effect.",
        "CO405: on the answer to an earlier OPTIONS of the scope, and not on the stream's own",
    ),
    Cause(
        "cors-preflight-refused",
        _CORS,
        "The preflight is refused.",
        "CO406: OPTIONS gets no 2xx, or an answer that does not pass the CORS check",
    ),
    Cause(
        "cors-preflight-incomplete",
        _CORS,
        "The preflight does not allow what the request needs.",
        "CO407: the method, or a header that is asked for, is not in the answer to OPTIONS",
    ),
    Cause(
        "cors-origin-rejected",
        _CORS,
        "The page's origin is not allowed.",
        "CO401 with one line, or none",
    ),
    Cause(
        "cors-duplicate-origin",
        _CORS,
        "Access-Control-Allow-Origin comes twice, from application and proxy.",
        "CO401 with two lines, or a list",
    ),
    Cause(
        "cors-errors-unreadable",
        _CORS,
        "Failed answers have no CORS headers, so that scripts cannot read why.",
        "CO409, while other answers are fine",
    ),
    Cause(
        unsolved.INCONCLUSIVE,
        _NOBODY,
        "What was recorded does not suffice.",
        "`possible` is the set that is left, `decides` the capture that would decide",
    ),
)

CAUSES = MappingProxyType({cause.code: cause for cause in _ALL})
"""All causes by code."""
