"""When a fault strikes: which of the exchanges that it is about, counted and timed."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from faults.fault import hyphenated
from faults.names import Duration

type Count = Annotated[int, Field(ge=1, strict=True)]
type Per = Literal["client", "scope", "stream"]

_ONE_OF = ("first", "nth", "every", "probability")


class When(BaseModel):
    """The table `when` of a fault; without any setting it strikes always.

    What is counted are its occasions: exchanges that `match` lets through and that the fault is about.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=hyphenated, populate_by_name=True)

    first: Count | None = Field(default=None, description="the first so many")
    nth: Count | None = Field(default=None, description="this one alone, counted from 1")
    every: Count | None = Field(default=None, description="one in so many, the last of them")
    probability: Annotated[float, Field(ge=0, le=1, strict=True)] | None = Field(
        default=None, description="each by chance, from 0 to 1; the plan's seed decides which"
    )
    after: Duration = Field(default=0, description="not before this long after the fault was armed")
    for_: Annotated[Duration, Field(gt=0)] | None = Field(
        default=None, description="only for so long, from then on (`after`, or when it was armed)"
    )
    max_active: Count | None = Field(default=None, description="at most so many exchanges at a time")
    per: Per | None = Field(default=None, description="count by itself for each client, scope or stream")

    @model_validator(mode="after")
    def _one_way_of_choosing(self) -> Self:
        given = [name for name in _ONE_OF if getattr(self, name) is not None]
        if len(given) > 1:
            raise ValueError(f"{' and '.join(given)} do not go together: give one of {', '.join(_ONE_OF)}")
        return self
