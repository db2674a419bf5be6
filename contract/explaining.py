"""What each rule means, why it matters and how to mend it: a page of text per rule, joined with `RULES`.

The text is data (`explanations/CO402.toml`), read only when it is asked for. Severity and family are said
once, in `RULES`, and not repeated there.
"""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from contract.rules import RULES, Rule

FOLDER = "explanations"

FAMILIES = {
    "ID": "the ID in the issuing response",
    "EC": "the ID that the client sends back",
    "SV": "what the service makes of that ID",
    "CO": "what scripts on other origins can do",
    "SS": "the event stream",
    "HT": "how the response came through HTTP",
    "HP": "what a hop did to messages",
}
"""What the rules of each family are about."""

_CODE = re.compile(r"[A-Z]{2}[0-9]{0,3}")


class PageError(ValueError):
    """A page that is not as it should be; the message names file and field."""


class _Part(BaseModel):
    model_config = ConfigDict(
        extra="forbid", frozen=True, alias_generator=lambda name: name.replace("_", "-")
    )


class Verdicts(_Part):
    """When the rule says what; empty where it never does. A rule that fails nothing has no page."""

    fail: str = Field(min_length=1)
    warn: str = ""
    inconclusive: str = ""
    not_applicable: str = Field(min_length=1)


class Example(_Part):
    """A run of the lab.

    `commands` are typed in this order, those that end in `&` keep running; `wire` is the part of the
    traffic that matters, as on the wire; `finding` is what `streamid validate` prints of it, if anything.
    """

    commands: str = Field(min_length=1)
    wire: str = Field(min_length=1)
    finding: str = ""


class Fix(_Part):
    """What to do on one platform: `text` says it, `code`, in `language`, shows it where there is any."""

    platform: str = Field(min_length=1)
    text: str = Field(min_length=1)
    language: str = ""
    code: str = ""


class Source(_Part):
    """A section of a standard."""

    title: str = Field(min_length=1)
    url: str = Field(pattern=r"https://\S+")


class Page(_Part):
    """The explanation of one rule. `related` are codes of rules that the same defect breaks, or nearly."""

    code: str
    name: str
    holds: str = Field(min_length=1)
    why: str = Field(min_length=1)
    related: tuple[str, ...] = ()
    verdicts: Verdicts
    failing: Example
    passing: Example
    fix: tuple[Fix, ...] = Field(min_length=1)
    sources: tuple[Source, ...] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class Explanation:
    """A rule and its page."""

    rule: Rule
    page: Page


@cache
def explanation(code: str) -> Explanation:
    """The rule `code`, explained. KeyError if there is no such rule, PageError if its page is not right."""
    rule = RULES[code]
    page = read_page(code)
    if (page.code, page.name) != (rule.code, rule.name):
        raise PageError(f"{code}.toml: is about {page.code} {page.name}, not about {rule.code} {rule.name}")
    return Explanation(rule, page)


def page_codes() -> list[str]:
    """The codes that there are pages of, sorted."""
    files = resources.files("contract").joinpath(FOLDER).iterdir()
    return sorted(file.name.removesuffix(".toml") for file in files if file.name.endswith(".toml"))


def read_page(code: str) -> Page:
    """The page of one rule, whether `RULES` has that rule or not."""
    text = resources.files("contract").joinpath(FOLDER, f"{code}.toml").read_text(encoding="utf-8")
    try:
        return Page.model_validate(tomllib.loads(text), by_alias=True)
    except tomllib.TOMLDecodeError as error:
        raise PageError(f"{code}.toml: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise PageError(f"{code}.toml: {place}: {first['msg']}") from error


def codes_of(asked: str) -> list[str]:
    """The codes that `asked` stands for, in the order of `RULES`; empty if there are none.

    A code (`CO402`), the beginning of one from the family on (`CO`, `CO4`), or a rule's name
    (`id-not-exposed`), in upper or lower case.
    """
    begins = asked.upper()
    if _CODE.fullmatch(begins):
        return [code for code in RULES if code.startswith(begins)]
    return [code for code, rule in RULES.items() if rule.name == asked.lower()]
