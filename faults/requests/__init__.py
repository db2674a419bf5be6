"""Faults of requests on their way to the service."""

from faults.fault import Fault
from faults.requests.consume_body import ConsumeBody
from faults.requests.delay_request import DelayRequest
from faults.requests.drop_request import DropRequest
from faults.requests.edit_json import EditJson
from faults.requests.repeat_request import RepeatRequest

FAULTS: tuple[type[Fault], ...] = (ConsumeBody, DelayRequest, DropRequest, EditJson, RepeatRequest)
