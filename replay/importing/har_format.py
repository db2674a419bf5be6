"""What is read of a HAR 1.2 entry (http://www.softwareishard.com/blog/har-12-spec/), and checked.

Unknown fields are ignored, and so is what tools leave out or write as null though the standard wants it,
as long as an exchange can be told without it.
"""

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator

_MOST_MS = 1e11  # three years; what is longer is damage, and would not fit the recording's microseconds


def _known(value: object) -> object:
    return -1 if value is None else value


def _listed(value: object) -> object:
    return [] if value is None else value


def _text(value: object) -> object:
    return "" if value is None else value


def _pair(value: object) -> object:
    """Some tools write `[name, value]`."""
    if isinstance(value, list) and len(value) == 2:
        return {"name": value[0], "value": value[1]}
    return value


type Text = Annotated[str, BeforeValidator(_text)]
type Size = Annotated[float, Field(le=1e15, allow_inf_nan=False), BeforeValidator(_known)]
type Milliseconds = Annotated[float, Field(le=_MOST_MS, allow_inf_nan=False), BeforeValidator(_known)]


class _Read(BaseModel):
    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True, frozen=True)


class NameValue(_Read):
    """A header, a parameter or a cookie."""

    name: str
    value: Text = ""


type Pair = Annotated[NameValue, BeforeValidator(_pair)]
type Pairs = Annotated[list[Pair], BeforeValidator(_listed)]


class PostData(_Read):
    """The request's body (`postData`); `file` is the name of an attachment."""

    mime_type: Text = Field("", alias="mimeType")
    text: str | None = None
    params: Pairs = []
    encoding: Text = ""
    file: str | None = Field(None, alias="_file")


class Content(_Read):
    """The response's body (`content`), without its content-coding."""

    size: Size = -1
    mime_type: Text = Field("", alias="mimeType")
    text: str | None = None
    encoding: Text = ""
    file: str | None = Field(None, alias="_file")


class HarRequest(_Read):
    """`request`."""

    method: str = Field(min_length=1)
    url: str
    version: Text = Field("", alias="httpVersion")
    headers: list[Pair]
    cookies: Pairs = []
    post: PostData | None = Field(None, alias="postData")
    body_size: Size = Field(-1, alias="bodySize")


class HarResponse(_Read):
    """`response`; `status` is 0 or -1 where there was none."""

    status: int = Field(ge=-1, le=999)
    reason: Text = Field("", alias="statusText")
    version: Text = Field("", alias="httpVersion")
    headers: list[Pair]
    content: Content = Content.model_validate({})
    body_size: Size = Field(-1, alias="bodySize")
    error: Text = Field("", alias="_error")
    failure: Text = Field("", alias="_failureText")


class Timings(_Read):
    """`timings`, in milliseconds; below 0 is unknown. `ssl` is part of `connect`."""

    blocked: Milliseconds = -1
    dns: Milliseconds = -1
    connect: Milliseconds = -1
    send: Milliseconds = -1
    wait: Milliseconds = -1
    receive: Milliseconds = -1


class EventSourceMessage(_Read):
    """One of Chrome's `_eventSourceMessages`; `time` is seconds since 1970."""

    time: float = Field(ge=0, le=1e11, allow_inf_nan=False)
    name: Text = Field("", alias="eventName")
    id: Text = Field("", alias="eventId")
    data: Text = ""


class Entry(_Read):
    """One of `log.entries`."""

    started: datetime = Field(alias="startedDateTime")
    time: Milliseconds = -1
    request: HarRequest
    response: HarResponse
    timings: Timings = Timings()
    server: Text = Field("", alias="serverIPAddress")
    resource: Text = Field("", alias="_resourceType")
    cached: Text = Field("", alias="_fromCache")
    error: Text = Field("", alias="_error")
    events: Annotated[list[EventSourceMessage], BeforeValidator(_listed)] = Field(
        [], alias="_eventSourceMessages"
    )
    sockets: Any = Field(None, alias="_webSocketMessages")

    @field_validator("started")
    @classmethod
    def _has_a_zone(cls, moment: datetime) -> datetime:
        """ISO 8601 with a zone, the standard says; UTC where there is none."""
        if not 1970 < moment.year < 3000:
            raise ValueError(f"the year {moment.year} cannot be")
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

    @field_validator("timings", mode="before")
    @classmethod
    def _may_be_missing(cls, value: object) -> object:
        return value or {}
