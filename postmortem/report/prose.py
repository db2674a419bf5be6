"""Our own explanations as HTML: paragraphs, and what stands between backticks as code."""

import re

from markupsafe import Markup, escape

from postmortem.report.visible import visible

_CODE = re.compile(r"(`[^`]+`)")


def inline(text: str) -> Markup:
    """One line; nothing in it but code spans is markup."""
    parts = _CODE.split(text.strip())
    return Markup("").join(
        Markup("<code>{}</code>").format(visible(part[1:-1]))
        if _CODE.fullmatch(part)
        else escape(visible(part))
        for part in parts
    )


def paragraphs(text: str) -> Markup:
    """Paragraphs, with blank lines between."""
    return Markup("").join(
        Markup("<p>{}</p>").format(inline(part)) for part in text.strip().split("\n\n") if part.strip()
    )
