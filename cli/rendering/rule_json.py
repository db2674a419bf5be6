"""An explained rule as JSON."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from contract.explaining import Explanation


def rule_fields(explained: "Explanation") -> dict[str, Any]:
    """The stable keys: those of the rule, then those of its page."""
    rule = explained.rule
    page = explained.page.model_dump(mode="json", by_alias=True, exclude={"code", "name"})
    return {
        "code": rule.code,
        "name": rule.name,
        "severity": rule.severity.value,
        "family": rule.family.value,
        **page,
    }
