"""What each switch gives, all alone: labels as `tests.matrix.cell.label` writes them."""

from tests.matrix.cell import Cell

TELLS = "SV304:warning"
"""A refusal of the lab's tells the ID that it had expected, unless it has none or hides it."""
INVENTS = ("EC202", "EC203")
"""The tester invents an ID where it finds none, as real clients do."""
NEVER_RIGHT = ("EC201",)
"""Where no echo was ever right, the tester's probes without an ID are no mere negative tests any more."""

PLAIN = (
    Cell(expected=(TELLS,)),
    Cell(client="early-reader", expected=(TELLS,)),
    Cell(client="aborts", pace=(20, 0.02), expected=(TELLS,)),
)

BUGS = (
    Cell(("race=150",), expected=("SV301", TELLS), causes=("server-race",)),
    Cell(("not-stored",), expected=("SV301",), causes=("server-not-stored",)),
    Cell(("expire=0.3",), scenario="quick and slow", expected=("SV301",), causes=("server-expired",)),
    Cell(("overwrite",), scenario="two chats", expected=("SV301", TELLS), causes=("server-overwritten",)),
    Cell(("no-affinity=2",), expected=("SV301", TELLS), causes=("server-no-affinity",)),
    Cell(("wrong-header=X-Stream-Id",), expected=("ID102", TELLS), causes=("server-name-mismatch",)),
    Cell(
        ("wrong-header=X-Unknown",),
        expected=("ID101", *INVENTS, *NEVER_RIGHT, TELLS),
        causes=("server-name-mismatch",),
    ),
    Cell(("strict-compare",), expected=("SV301", TELLS), causes=("server-altered-id",)),
    Cell(
        ("lower-case-compare",),
        client="altered",
        expected=("EC206", "SV302"),
        causes=("client-altered-id", "server-accepts-invalid"),
    ),
    Cell(
        ("adopt-unknown",),
        scenario="early update",
        expected=(*INVENTS, "SV302"),
        causes=("client-fabricated-id", "server-accepts-invalid"),
    ),
    Cell(("no-header",), expected=("ID101", *INVENTS, *NEVER_RIGHT, TELLS), causes=("server-never-issued",)),
    Cell(
        ("empty-header",), expected=("ID103", *INVENTS, *NEVER_RIGHT, TELLS), causes=("server-never-issued",)
    ),
    Cell(("mangled-id",), expected=("ID103", "SV301", TELLS), causes=("server-malformed-id",)),
    Cell(("wrong-status=422",), expected=("SV303", TELLS), causes=("server-wrong-status",)),
    Cell(("error-in-stream",), expected=("SV303", TELLS), causes=("server-wrong-status",)),
    Cell(("hide-details",), expected=()),
    Cell(("no-expose",), expected=("CO402", TELLS), causes=("cors-not-exposed",)),
    Cell(("expose-preflight-only",), expected=("CO402", "CO405", TELLS), causes=("cors-preflight-only",)),
    Cell(
        ("wildcard-credentials",), expected=("CO402", "CO403", TELLS), causes=("cors-wildcard-credentials",)
    ),
    Cell(("bad-expose-grammar",), expected=("CO402", "CO404", TELLS), causes=("cors-expose-malformed",)),
    Cell(("no-vary",), expected=("CO408:warning", TELLS)),
    Cell(("no-cors-on-errors",), expected=("CO409", TELLS), causes=("cors-errors-unreadable",)),
    Cell(("no-cors-on-stream",), expected=("CO401", "CO402", TELLS), causes=("cors-origin-rejected",)),
    Cell(("preflight-401",), expected=("CO406", TELLS), causes=("cors-preflight-refused",)),
    Cell(("thin-preflight",), expected=("CO407", TELLS), causes=("cors-preflight-incomplete",)),
    Cell(("escaped-newlines",), expected=("SS502", "SS503", "SS504", TELLS), causes=("server-bad-sse",)),
    Cell(("no-done",), expected=("SS503", TELLS), causes=("server-bad-sse",)),
    Cell(("bad-utf8",), expected=("SS505", TELLS), causes=("server-bad-sse",)),
    Cell(("bad-payload",), expected=("SS506", TELLS), causes=("server-bad-sse",)),
    Cell(("close-delimited",), expected=("HT601?", TELLS)),
    Cell(("die-mid-stream",), expected=("HT601", TELLS), causes=("server-truncated",)),
    Cell(
        ("duplicate-header",), expected=("ID104", "EC206", *NEVER_RIGHT, TELLS), causes=("server-duplicated",)
    ),
    Cell(("gzip",), expected=("HT604:warning", TELLS)),
)

CLIENTS = (
    Cell(client="never-extract", expected=("EC201", TELLS), causes=("client-never-extracted",)),
    Cell(client="fabricate", expected=(*INVENTS, TELLS), causes=("client-fabricated-id",)),
    Cell(client="fabricate-seconds", expected=(*INVENTS, TELLS), causes=("client-fabricated-id",)),
    Cell(client="case-sensitive", expected=()),
    Cell(client="stale", expected=("EC204", TELLS), causes=("client-stale-id",)),
    Cell(client="cross-wired", expected=("EC205", TELLS), causes=("client-cross-wired",)),
    Cell(client="altered", expected=("EC206", TELLS), causes=("client-altered-id",)),
    Cell(client="double-commit", expected=("EC207",), causes=("client-double-commit",)),
)

LONG = (12, 0.12)
"""An answer long enough for a late burst to be told from a quick service."""

FAULTS = (
    Cell(
        faults=("strip-id",), expected=("ID101", *INVENTS, *NEVER_RIGHT, TELLS), causes=("network-stripped",)
    ),
    Cell(faults=("rename-id",), expected=("ID102", "CO402", TELLS), causes=("network-renamed",)),
    Cell(faults=("lower-case",), expected=(TELLS,)),
    Cell(
        faults=("lower-case",),
        client="case-sensitive",
        expected=(*INVENTS, TELLS),
        causes=("client-case-sensitive",),
    ),
    Cell(faults=("rewrite-id",), expected=("SV301", TELLS), causes=("network-rewritten",)),
    Cell(
        faults=("duplicate-id",),
        expected=("ID104", "EC206", *NEVER_RIGHT, TELLS),
        causes=("network-duplicated",),
    ),
    Cell(
        faults=("buffer",),
        pace=LONG,
        scenario="one stream",
        expected=("HT603:warning",),
        causes=("network-buffered",),
    ),
    Cell(
        faults=("gzip",),
        pace=LONG,
        scenario="one stream",
        expected=("HT603:warning", "HT604:warning"),
        causes=("network-compressed",),
    ),
    Cell(faults=("cache",), expected=("ID105", "HT605", TELLS), causes=("network-cached",)),
    Cell(faults=("cut=3",), scenario="one stream", expected=("HT601",), causes=("network-truncated",)),
    Cell(
        faults=("idle-cut=5",),
        pace=(3, 12.0),
        scenario="one stream",
        expected=("HT601", "HT606"),
        causes=("network-idle-timeout",),
    ),
    Cell(faults=("strip-expose",), expected=("CO402", TELLS), causes=("cors-expose-stripped",)),
    Cell(
        faults=("strip-cors",), expected=("CO401", "CO402", "CO409", TELLS), causes=("cors-origin-rejected",)
    ),
    Cell(
        faults=("wrong-origin",),
        expected=("CO401", "CO402", "CO406", "CO409", TELLS),
        causes=("cors-origin-rejected",),
    ),
    Cell(
        faults=("duplicate-origin",),
        expected=("CO401", "CO402", "CO406", "CO409", TELLS),
        causes=("cors-duplicate-origin",),
    ),
    Cell(faults=("strip-vary",), expected=("CO408:warning", TELLS)),
    Cell(faults=("strip-echo",), expected=("SV301", TELLS), causes=("network-request-stripped",)),
    Cell(faults=("rewrite-echo",), expected=("SV301", TELLS), causes=("network-request-rewritten",)),
    Cell(faults=("redirect=302",), expected=("HT607",), causes=("network-redirected",)),
    Cell(faults=("redirect=307",), expected=(TELLS,)),
    Cell(faults=("close-delimited",), expected=("HT601?", TELLS)),
    Cell(faults=("drop-preflight",), expected=("CO406", TELLS), causes=("cors-preflight-refused",)),
)

ALL = (*PLAIN, *BUGS, *CLIENTS, *FAULTS)
