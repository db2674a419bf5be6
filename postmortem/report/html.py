"""A report as one HTML file that needs nothing else, and may do nothing but what its policy says.

What was recorded is hostile: every value that a template writes goes through `visible` and is escaped,
whatever the place; the script gets it as JSON and writes it as text.
"""

import base64
import hashlib
from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined

from contract.causes import CAUSES
from contract.explaining import Explanation, PageError, explanation
from contract.findings import SIDE_NAMES
from postmortem.report.model import Report, finding_kind
from postmortem.report.prose import inline, paragraphs
from postmortem.report.rows import rows_json
from postmortem.report.verdict import verdict
from postmortem.report.visible import shortened, visible
from postmortem.report.wording import after, clock, counted, duration, path_of, sentence

INCIDENTS_SHOWN = 25
"""Incidents of one cause."""
FINDINGS_SHOWN = 50
"""Findings of one rule."""

FOLDER = "page"
_STYLES = ("page.css", "parts.css", "phone.css")
_SCRIPTS = ("rows.js", "waterfall.js", "panel.js", "filter.js", "keys.js")


def page(report: Report) -> str:
    """The file's text."""
    style, script = _style(), _script()
    template = _environment().get_template("report.html.j2")
    return template.render(
        report=report,
        verdict=verdict(report),
        style=style,
        script=script,
        policy=policy(style, script),
        rows=rows_json(report),
        rules=[(group, _explained(group.code)) for group in report.rules()],
        several=len(report.sections) > 1,
        incidents_shown=INCIDENTS_SHOWN,
        findings_shown=FINDINGS_SHOWN,
    )


def policy(style: str, script: str) -> str:
    """The Content-Security-Policy: this style and this script alone, no network, no markup from strings."""
    return "; ".join(
        (
            "default-src 'none'",
            f"style-src '{_hash(style)}'",
            f"script-src '{_hash(script)}'",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        )
    )


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _style() -> str:
    return "".join(map(_part, _STYLES))


def _script() -> str:
    """All parts in one scope of their own."""
    return '(() => {\n"use strict";\n' + "".join(map(_part, _SCRIPTS)) + "})();\n"


def _part(name: str) -> str:
    return resources.files("postmortem.report").joinpath(FOLDER, name).read_text(encoding="utf-8")


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("postmortem.report", FOLDER),
        autoescape=True,
        finalize=visible,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "after": after,
        "clock": clock,
        "duration": duration,
        "inline": inline,
        "kind": finding_kind,
        "paragraphs": paragraphs,
        "path": path_of,
        "sentence": sentence,
        "shortened": shortened,
        "side": SIDE_NAMES.__getitem__,
    }
    environment.globals |= {"counted": counted, "causes": CAUSES}
    return environment


def _explained(code: str) -> Explanation | None:
    """The rule's page; None where a recording of another version names a rule that is not there."""
    try:
        return explanation(code)
    except (KeyError, PageError):
        return None
