"""What became of the ID between the service and the client: never there, renamed, changed, doubled, lost."""

import re
from collections.abc import Iterator
from dataclasses import replace

from contract.case import Case
from contract.causes.cause import (
    BEHIND,
    BOTH,
    CERTAIN,
    CLIENT,
    LIKELY,
    SERVER,
    TAP_BEHIND,
    Verdict,
    facts,
    incident,
    not_because,
)
from contract.causes.echoes import consequence
from contract.events import Headers
from contract.experience import Experience
from contract.headers import first
from contract.incidents import Fact, Incident
from contract.places import Reading
from contract.profile import Profile
from contract.subjects import shown
from contract.testimony import Testimony


def find(case: Case, seen: Experience) -> Iterator[Incident]:
    """The incidents of the case's issuing exchanges."""
    for issue in case.issues:
        for verdict in _troubles(issue, case.profile, seen):
            told = facts(*verdict.evidence, consequence(case, issue))
            yield incident(case, replace(verdict, evidence=told), [issue, *_followers(case, issue)])


def _followers(case: Case, issue: Testimony) -> list[Testimony]:
    """The echoes that follow this stream."""
    return [echo for echo in case.echoes if case.issue_before(echo) is issue]


def _troubles(issue: Testimony, profile: Profile, seen: Experience) -> Iterator[Verdict]:
    """What is wrong with an answer's ID: that it is not there; else its name, and its value."""
    subject = issue.issue
    assert subject is not None
    if profile.origin != "server":
        return
    client, server = subject.client, subject.server
    whole = _replaced(issue) if not subject.is_issuing else _cached(issue, seen)
    if whole is not None:
        yield whole
    elif not subject.is_issuing:
        return
    elif server is None or not server.id:
        has_none = client is None or not client.id
        yield _missing_at_server(issue, profile) if has_none else _added(issue)
    elif client is None:
        yield _lost(issue, server)
    else:
        if client.is_alternative or server.is_alternative:
            yield _under_another_name(issue, client, server)
        if (value := _value(issue, client, server, profile)) is not None:
            yield value


def _value(issue: Testimony, client: Reading, server: Reading, profile: Profile) -> Verdict | None:
    if issue.found("ID104"):
        return _doubled(issue, client, server)
    if client.values != server.values:
        return _rewritten(issue, client, server)
    return _odd_at_server(issue, client, profile)


def _replaced(issue: Testimony) -> Verdict | None:
    """The service issued an ID, and the client got another answer."""
    client, server = issue.client, issue.server
    if client is None or server is None or client.status == server.status:
        return None
    if issue.issue is None or issue.issue.server is None:
        return None
    return Verdict(
        "network-replaced",
        CERTAIN,
        f"The service answered {server.status} and issued an ID; the client got {client.status} instead.",
        f"Look at what answers {client.status} in the service's place between the two sides.",
        facts(
            Fact(
                f"{server.status} with the ID {shown(issue.issue.server.id)} came in", issue.exchange, SERVER
            ),
            Fact(f"{client.status} went out", issue.exchange, CLIENT),
        ),
        not_because(server_wrong_status="the service's own status was right"),
    )


def _missing_at_server(issue: Testimony, profile: Profile) -> Verdict:
    assert issue.issue is not None
    place, head = issue.issue.place, issue.server
    other = _elsewhere(head.headers, profile) if head else None
    if other is not None:
        name, value = other
        return Verdict(
            "server-name-mismatch",
            LIKELY,
            f"The ID {shown(value)} comes under the name {name}, which nobody knows, not in {place}.",
            f"Send the ID in {place}, or teach clients and profile the name {name}.",
            facts(Fact(f"{name}: {value} has the format of an ID", issue.exchange, SERVER)),
            not_because(
                server_never_issued="an ID is there, under another name",
                network_renamed="the name is the same on both sides of this proxy",
            ),
            decides=TAP_BEHIND,
        )
    empty = issue.issue.client is not None or issue.issue.server is not None
    what = f"an empty {place}" if empty else f"no ID in {place}, nor under any other name"
    return Verdict(
        "server-never-issued",
        LIKELY,
        f"The answer came from {BEHIND} with {what}.",
        f"Make the service send the ID in {place} on this answer; if it does, look at each hop behind it.",
        facts(Fact(f"the answer ({head.status if head else 'none'}) has {what}", issue.exchange, SERVER)),
        not_because(
            network_stripped="it was not there on the service's side of this proxy either",
            server_name_mismatch="no other header has a value in the ID's format",
            network_renamed="no other header has a value in the ID's format",
        ),
        decides=TAP_BEHIND,
    )


def _added(issue: Testimony) -> Verdict:
    """The hop put an ID where the service had none."""
    assert issue.issue is not None
    assert issue.issue.client is not None
    client = issue.issue.client
    return Verdict(
        "network-rewritten",
        CERTAIN,
        f"The client got the ID {shown(client.id)}, which the service had not sent.",
        f"Keep the hop from setting {client.where}.",
        facts(
            Fact(f"no ID in {issue.issue.place}", issue.exchange, SERVER),
            Fact(f"{shown(client.id)} in {client.where}", issue.exchange, CLIENT),
        ),
        not_because(client_fabricated_id="the client was handed this ID"),
    )


def _lost(issue: Testimony, server: Reading) -> Verdict:
    """In on the service's side, gone on the client's – unless it left under another name."""
    client = issue.client
    renamed = _named_like(client.headers, server.id) if client else None
    came = Fact(f"{shown(server.id)} came in, in {server.where}", issue.exchange, SERVER)
    if renamed is not None:
        return Verdict(
            "network-renamed",
            CERTAIN,
            f"The ID came in {server.where} and left as {renamed}.",
            f"Keep the hop from renaming {server.where.removeprefix('header ')}.",
            facts(came, Fact(f"the same value left in {renamed}", issue.exchange, CLIENT)),
            not_because(
                network_stripped="its value is still there",
                server_name_mismatch="the service used the right name",
            ),
        )
    return Verdict(
        "network-stripped",
        CERTAIN,
        f"The service sent the ID {shown(server.id)} in {server.where}; the client's side is without it.",
        f"Let the hop pass {server.where.removeprefix('header ')} on.",
        facts(came, Fact("no header has it any more", issue.exchange, CLIENT)),
        not_because(
            server_never_issued="the service did send it",
            network_renamed="no other header carries its value",
            client_never_extracted="there was nothing to extract",
        ),
    )


def _under_another_name(issue: Testimony, client: Reading, server: Reading) -> Verdict:
    assert issue.issue is not None
    if server.is_alternative:
        return Verdict(
            "server-name-mismatch",
            LIKELY,
            f"The ID {shown(server.id)} came from {BEHIND} in {server.where}, not in {issue.issue.place}.",
            f"Send the ID in {issue.issue.place}.",
            facts(Fact(f"{shown(server.id)} is in {server.where}", issue.exchange, SERVER)),
            not_because(
                network_renamed="the name is the same on both sides of this proxy",
                server_never_issued="an ID is there, under another name",
            ),
            decides=TAP_BEHIND,
        )
    return Verdict(
        "network-renamed",
        CERTAIN,
        f"The ID came in {server.where} and left in {client.where}.",
        f"Keep the hop from renaming {server.where.removeprefix('header ')}.",
        facts(
            Fact(f"{shown(server.id)} came in, in {server.where}", issue.exchange, SERVER),
            Fact(f"{shown(client.id)} left in {client.where}", issue.exchange, CLIENT),
        ),
        not_because(
            server_name_mismatch="the service used the right name",
            network_stripped="its value is still there",
        ),
    )


def _doubled(issue: Testimony, client: Reading, server: Reading) -> Verdict:
    count = len(client.values)
    if len(server.values) == 1 and server.values != client.values:
        return Verdict(
            "network-duplicated",
            CERTAIN,
            f"The ID came once and left {count} times; a script reads {shown(', '.join(client.values))}.",
            f"Keep the hop from adding {client.where.removeprefix('header ')} where it is already.",
            facts(
                Fact(f"one line, {shown(server.id)}", issue.exchange, SERVER),
                Fact(f"{count} lines: {shown(', '.join(client.values))}", issue.exchange, CLIENT),
            ),
            not_because(
                server_duplicated="the service sent one line",
                client_altered_id="the client sent what it read: both lines joined",
            ),
        )
    return Verdict(
        "server-duplicated",
        LIKELY,
        f"The ID came {count} times from {BEHIND}; a script reads {shown(', '.join(client.values))}.",
        f"Set {client.where.removeprefix('header ')} once: two layers of the service add it, or a hop does.",
        facts(Fact(f"{len(server.values)} lines: {shown(', '.join(server.values))}", issue.exchange, SERVER)),
        not_because(
            network_duplicated="they were there already when they came in",
            client_altered_id="a client that joins lines of one name does as it should (Fetch §2.2.2)",
        ),
        decides=TAP_BEHIND,
    )


def _rewritten(issue: Testimony, client: Reading, server: Reading) -> Verdict:
    return Verdict(
        "network-rewritten",
        CERTAIN,
        f"The service issued {shown(server.id)}; the client got {shown(client.id)} in its place.",
        f"Keep the hop from writing {client.where.removeprefix('header ')}: it needs a name of its own.",
        facts(
            Fact(f"{shown(server.id)} came in, in {server.where}", issue.exchange, SERVER),
            Fact(f"{shown(client.id)} left in {client.where}", issue.exchange, CLIENT),
        ),
        not_because(
            client_fabricated_id="the client was handed this ID",
            client_stale_id="the client sent the ID of its latest answer",
            server_not_stored="the service never saw the ID that it had issued",
        ),
    )


def _odd_at_server(issue: Testimony, client: Reading, profile: Profile) -> Verdict | None:
    """On both sides alike, and not an ID as it should be."""
    if not issue.found("ID103"):
        return _reused(issue, client)
    return Verdict(
        "server-malformed-id",
        LIKELY,
        f"The ID {shown(client.id)} came from {BEHIND} in a form that is none: not {profile.id.format}.",
        f"Send the bare ID in {client.where}, in the form that the service stores it.",
        facts(Fact(f"{shown(client.id)} in {client.where}", issue.exchange, SERVER)),
        not_because(
            network_rewritten="the value is the same on both sides of this proxy",
            client_altered_id="the client sent what it was given",
        ),
        decides=TAP_BEHIND,
    )


def _reused(issue: Testimony, client: Reading) -> Verdict | None:
    found = issue.found("ID105")
    if not found:
        return None
    return Verdict(
        "server-reused-id",
        LIKELY,
        f"The ID {shown(client.id)} was issued again, by {BEHIND}; nothing says that it came from a cache.",
        "Make a new ID for each stream, and send Cache-Control: no-store with it.",
        facts(Fact(found[0].message, issue.exchange, SERVER)),
        not_because(network_cached="no Age, no cache hit, and the service's side was asked"),
        decides=TAP_BEHIND,
    )


def _cached(issue: Testimony, seen: Experience) -> Verdict | None:
    """An answer out of a cache: it says so, or it came without the service having been asked."""
    assert issue.issue is not None
    found, client = issue.found("HT605"), issue.client
    reading = issue.issue.client
    if not found and not (client is not None and issue.server is None and issue.found("ID105")):
        return None
    age = first(client.headers, b"age") if client else None
    said = (
        found[0].message if found else "The service was not asked, and an ID of an earlier stream was sent."
    )
    return Verdict(
        "network-cached",
        CERTAIN,
        f"The stream came out of a cache{f', {shown(reading.id)} with it' if reading else ''}: "
        "its ID is another one's.",
        "Keep the cache off event streams: Cache-Control: no-store on the answer, and no caching of POST.",
        facts(
            Fact(said, issue.exchange, SERVER if found else CLIENT),
            Fact(f"Age: {age.decode('latin-1')}", issue.exchange, CLIENT) if age is not None else None,
            Fact(issue.found("ID105")[0].message, issue.exchange, BOTH) if issue.found("ID105") else None,
        ),
        not_because(
            server_reused_id="the answer was not made anew", client_stale_id="the client was handed that ID"
        ),
    )


def _elsewhere(fields: Headers, profile: Profile) -> tuple[str, str] | None:
    """A header that no profile names, whose value has the format of an ID."""
    for name, value in fields:
        text = value.decode("latin-1").strip()
        if re.fullmatch(profile.id.format, text):
            return name.decode("latin-1"), text
    return None


def _named_like(fields: Headers, value: str) -> str | None:
    """The name of a header with this value."""
    found = (name for name, other in fields if other.strip() == value.encode("latin-1", "replace"))
    name = next(found, None)
    return f"header {name.decode('latin-1')}" if name is not None else None
