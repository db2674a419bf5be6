"""The models that the lab pretends to have, and what they cost."""

from dataclasses import asdict, dataclass
from math import ceil
from typing import Any


@dataclass(frozen=True, slots=True)
class Model:
    """A model as `GET /api/models` shows it; `creditCost` is per 1,000 tokens."""

    id: str
    name: str
    description: str
    capabilities: tuple[str, ...]
    credit_cost: float
    max_tokens: int
    available: bool = True

    def public(self) -> dict[str, Any]:
        """The model with the API's field names."""
        shown = asdict(self)
        shown["creditCost"], shown["maxTokens"] = shown.pop("credit_cost"), shown.pop("max_tokens")
        return shown

    def price(self, tokens: float) -> int:
        """Credits for so many tokens, rounded up; anything at all costs at least one."""
        return ceil(tokens * self.credit_cost / 1000)


MODELS = (
    Model("amazon.nova-micro-v1:0", "Nova Micro", "Fast and cheap", ("chat", "general"), 20, 4096),
    Model(
        "amazon.nova-lite-v1:0", "Nova Lite", "A good all-rounder", ("chat", "general", "coding"), 50, 8192
    ),
    Model(
        "amazon.nova-pro-v1:0",
        "Nova Pro",
        "The most careful answers",
        ("chat", "reasoning", "coding"),
        150,
        16384,
    ),
    Model("amazon.titan-text-express-v1", "Titan Express", "Retired", ("chat",), 30, 4096, available=False),
)

DEFAULT_MODEL = MODELS[0]


def find_model(model_id: object) -> Model | None:
    """The model of that ID."""
    return next((model for model in MODELS if model.id == model_id), None)


def recommend(task: str, priority: str) -> tuple[Model, str]:
    """The model for a task, with the reason for it."""
    able = [
        model
        for model in MODELS
        if model.available and any(word in task.lower() for word in model.capabilities)
    ]
    candidates = able or [model for model in MODELS if model.available]
    if priority in ("quality", "accuracy"):
        return max(candidates, key=lambda model: model.credit_cost), "best quality for this task"
    if priority in ("cost", "speed"):
        return min(candidates, key=lambda model: model.credit_cost), f"best {priority} for this task"
    return candidates[len(candidates) // 2], "a balance of quality and cost for this task"
