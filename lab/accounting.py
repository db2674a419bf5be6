"""The accounting service: credits, and the reservations that streams make."""

from datetime import UTC, datetime
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from lab.catalogue import Model, find_model
from lab.cors import Cors
from lab.ledger import CreditsShortError, Ledger, Reservation
from lab.settings import Settings
from lab.tokens import Caller, Tokens
from lab.users import USERS, find_user
from lab.web import build_app, read_json, required_amount, required_text, timestamp

DEFAULT_DAYS = 30
LONGEST_DAYS = 36500


class Accounting:
    """The routes of the service over its ledger."""

    def __init__(self, settings: Settings) -> None:
        self._tokens = Tokens(settings.secret())
        self._ledger = Ledger(settings.data_dir / "accounting.db")
        if settings.credits:
            for user in USERS:
                self._ledger.allocate(user.id, settings.credits, DEFAULT_DAYS, "a start", "lab")

    async def allocate(self, request: Request) -> Response:
        """`POST /api/credits/allocate`."""
        caller = self._tokens.staff(request)
        body = await read_json(request)
        user = required_text(body, "userId")
        credit, days = required_amount(body, "credits"), required_amount(body, "expiryDays", DEFAULT_DAYS)
        if credit == 0 or not 0 < days <= LONGEST_DAYS:
            raise HTTPException(400, f"credits must be above 0, expiryDays from 1 to {LONGEST_DAYS}")
        given = self._ledger.allocate(_user_id(user), credit, days, str(body.get("notes") or ""), caller.id)
        answer = {
            "id": given.id,
            "userId": user,
            "totalCredits": given.total,
            "remainingCredits": given.remaining,
            "expiresAt": timestamp(datetime.fromtimestamp(given.expires, UTC)),
        }
        return JSONResponse(answer, 201)

    async def balance(self, request: Request) -> Response:
        """`GET /api/credits/balance`."""
        caller = self._tokens.caller(request)
        allocations = self._ledger.open(caller.id)
        total = sum(allocation.remaining for allocation in allocations)
        return JSONResponse(
            {"userId": caller.id, "totalCredits": total, "activeAllocations": len(allocations)}
        )

    async def check(self, request: Request) -> Response:
        """`POST /api/credits/check`."""
        caller = self._tokens.caller(request)
        body = await read_json(request)
        user = _user_id(str(body.get("userId") or caller.id))
        if user != caller.id and not caller.is_staff:
            raise HTTPException(403, "Only your own credits")
        required, left = required_amount(body, "requiredCredits"), self._ledger.balance(user)
        return JSONResponse({"sufficient": left >= required, "credits": left, "requiredCredits": required})

    async def calculate(self, request: Request) -> Response:
        """`POST /api/credits/calculate`."""
        self._tokens.caller(request)
        body = await read_json(request)
        model, tokens = _model(body), required_amount(body, "tokens")
        answer = {"modelId": model.id, "tokens": tokens, "requiredCredits": model.price(tokens)}
        return JSONResponse(answer)

    async def initialize(self, request: Request) -> Response:
        """`POST /api/streaming-sessions/initialize`."""
        caller = self._tokens.caller(request)
        body = await read_json(request)
        session, model = required_text(body, "sessionId"), _model(body)
        price = model.price(required_amount(body, "estimatedTokens"))
        try:
            reserved = self._ledger.reserve(session, caller.id, model.id, price)
        except CreditsShortError as short:
            raise HTTPException(402, f"Insufficient credits: {price} required, {short} available") from short
        except ValueError as error:
            raise HTTPException(409, "Streaming session already initialized") from error
        answer = {"sessionId": session, "allocatedCredits": reserved.reserved, "status": reserved.status}
        return JSONResponse(answer, 201)

    async def finalize(self, request: Request) -> Response:
        """`POST /api/streaming-sessions/finalize`; a stream that failed costs nothing."""
        caller = self._tokens.caller(request)
        body = await read_json(request)
        reservation = self._reservation(caller, body)
        tokens, success = required_amount(body, "actualTokens", 0), body.get("success", True) is True
        model = find_model(reservation.model)
        used = model.price(tokens) if success and model else 0
        settled = self._ledger.settle(reservation, used, "completed" if success else "failed")
        return JSONResponse(_settled(settled))

    async def abort(self, request: Request) -> Response:
        """`POST /api/streaming-sessions/abort`."""
        caller = self._tokens.caller(request)
        reservation = self._reservation(caller, await read_json(request))
        return JSONResponse(_settled(self._ledger.settle(reservation, 0, "aborted")))

    async def active(self, request: Request) -> Response:
        """`GET /api/streaming-sessions/active`."""
        caller = self._tokens.caller(request)
        return JSONResponse([_shown(reservation) for reservation in self._ledger.active(caller.id)])

    def _reservation(self, caller: Caller, body: dict[str, Any]) -> Reservation:
        found = self._ledger.find(required_text(body, "sessionId"), caller.id)
        if found is None:
            raise HTTPException(404, "Streaming session not found")
        return found

    def close(self) -> None:
        """Close the ledger."""
        self._ledger.close()


def _user_id(name_or_id: str) -> str:
    user = find_user(name_or_id)
    return user.id if user else name_or_id


def _model(body: dict[str, Any]) -> Model:
    model = find_model(required_text(body, "modelId"))
    if model is None:
        raise HTTPException(400, f"Unknown model {body['modelId']}")
    return model


def _shown(reservation: Reservation) -> dict[str, Any]:
    started = timestamp(datetime.fromtimestamp(reservation.started, UTC))
    return {
        "sessionId": reservation.session,
        "modelId": reservation.model,
        "allocatedCredits": reservation.reserved,
        "status": reservation.status,
        "startedAt": started,
    }


def _settled(reservation: Reservation) -> dict[str, Any]:
    back = max(0, reservation.reserved - reservation.used)
    return {**_shown(reservation), "usedCredits": reservation.used, "refundedCredits": back}


def accounting_app(settings: Settings) -> ASGIApp:
    """The service as an ASGI application."""
    service = Accounting(settings)
    routes = [
        Route("/api/credits/allocate", service.allocate, methods=["POST"]),
        Route("/api/credits/balance", service.balance),
        Route("/api/credits/check", service.check, methods=["POST"]),
        Route("/api/credits/calculate", service.calculate, methods=["POST"]),
        Route("/api/streaming-sessions/initialize", service.initialize, methods=["POST"]),
        Route("/api/streaming-sessions/finalize", service.finalize, methods=["POST"]),
        Route("/api/streaming-sessions/abort", service.abort, methods=["POST"]),
        Route("/api/streaming-sessions/active", service.active),
    ]
    return build_app("accounting-service", routes, service.close, Cors())
