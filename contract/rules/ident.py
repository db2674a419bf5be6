"""ID101–ID106: the issuing response as the client got it."""

import re

from contract.findings import Severity
from contract.subjects import NA, PASS, Issue, Ruling, fails, inconclusive, shown


def id_missing(issue: Issue) -> Ruling:
    """ID101: the issuing response carries the ID."""
    if not issue.is_issuing:
        return NA
    if issue.client is not None:
        return PASS
    if issue.why_unread:
        return inconclusive(f"The ID belongs in {issue.place}, but {issue.why_unread}.")
    if issue.server is not None:
        left = f"it had left the service as {shown(issue.server.id)} in {issue.server.where}"
        return fails(
            f"The response reached the client without an ID in {issue.place}, though {left}.",
            ("server side", f"{issue.server.where}: {issue.server.id}"),
        )
    return fails(
        f"The issuing response ({issue.response.status}) carries no ID in {issue.place}.",
        ("server side", "no ID either"),
    )


def id_renamed(issue: Issue) -> Ruling:
    """ID102: under its configured name, not an alternative one."""
    if not issue.is_issuing or issue.client is None or not issue.client.header:
        return NA
    if not issue.client.is_alternative:
        return PASS
    server = issue.server.where if issue.server else "no ID"
    return fails(
        f"The ID {shown(issue.client.id)} is in {issue.client.where}, not in {issue.place}.",
        ("server side", server),
    )


def id_malformed(issue: Issue) -> Ruling:
    """ID103: not empty, 0x21 to 0x7E, in the profile's format. Duplicated ones are left to ID104."""
    if not issue.is_issuing or issue.client is None or _is_duplicated(issue):
        return NA
    value = issue.client.id
    if not value:
        return fails(f"The ID in {issue.client.where} is empty.")
    # RFC 9110 §5.5: VCHAR is the only part of a field value that everything in between leaves alone.
    if odd := next((c for c in value if not "\x21" <= c <= "\x7e"), None):
        return fails(f"The ID {shown(value)} has the character U+{ord(odd):04X}, outside 0x21 to 0x7E.")
    if not re.fullmatch(issue.profile.id.format, value):
        return fails(f"The ID {shown(value)} is not in the format {issue.profile.id.format}.")
    return PASS


def id_duplicated(issue: Issue) -> Ruling:
    """ID104: one field line with one value; scripts read two lines as `a, a` (Fetch §2.2.2)."""
    if not issue.is_issuing or issue.client is None or not issue.client.header:
        return NA
    if not _is_duplicated(issue):
        return PASS
    values = issue.client.values
    read = shown(", ".join(values))
    count = f"{len(values)} lines" if len(values) > 1 else "one line with several values"
    at_server = str(len(issue.server.values)) if issue.server else "0"
    return fails(
        f"The ID came in {count} of {issue.client.where}; a script reads {read}.",
        ("lines on the server side", at_server),
    )


def _is_duplicated(issue: Issue) -> bool:
    if issue.client is None or not issue.client.header:
        return False
    if len(issue.client.values) > 1:
        return True
    value = issue.client.id
    pieces = [piece for piece in value.split(",") if piece.strip()]
    return len(pieces) > 1 and not re.fullmatch(issue.profile.id.format, value)


def id_reused(issue: Issue) -> Ruling:
    """ID105: never issued twice."""
    if not issue.is_issuing or issue.client is None or not issue.client.id:
        return NA
    if issue.earlier is None:
        return PASS
    return fails(
        f"The ID {shown(issue.client.id)} had already been issued by exchange {issue.earlier}.",
        ("issued before by exchange", str(issue.earlier)),
    )


def id_on_failure(issue: Issue) -> Ruling:
    """ID106: not issued by a failed or non-issuing response."""
    if issue.is_issuing:
        return NA
    if issue.stray is None:
        return PASS
    method = issue.request.method.decode("latin-1")
    return fails(
        f"The response {issue.response.status} to this {method} issues no stream, "
        f"but carries the ID {shown(issue.stray.id)} in {issue.stray.where}.",
        severity=Severity.WARNING,
    )
