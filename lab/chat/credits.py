"""The chat service as a client of accounting: credits are reserved before the first byte of a stream."""

import httpx
from starlette.exceptions import HTTPException


class Credits:
    """Reserves and settles with the caller's own token."""

    def __init__(self, accounting_url: str) -> None:
        # trust_env off: services talk to each other directly, whatever proxy the user's shell names.
        self._client = httpx.AsyncClient(base_url=accounting_url, trust_env=False, timeout=10)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def reserve(self, token: str, session: str, model: str, tokens: int) -> None:
        """Reserve for a stream; 402 where credits are short, 503 where accounting does not answer."""
        body = {"sessionId": session, "modelId": model, "estimatedTokens": tokens}
        answer = await self._post("initialize", token, body)
        if answer.status_code == 402:
            raise HTTPException(402, answer.json().get("message", "Insufficient credits"))
        if not answer.is_success:
            raise HTTPException(503, f"Accounting answered {answer.status_code}")

    async def settle(self, token: str, session: str, tokens: int, success: bool) -> None:
        """Charge what was used and give back the rest."""
        body = {"sessionId": session, "actualTokens": tokens, "success": success}
        answer = await self._post("finalize", token, body)
        answer.raise_for_status()

    async def _post(self, verb: str, token: str, body: dict[str, object]) -> httpx.Response:
        try:
            return await self._client.post(
                f"/api/streaming-sessions/{verb}", json=body, headers={"Authorization": f"Bearer {token}"}
            )
        except httpx.HTTPError as error:
            raise HTTPException(503, "Accounting is not available") from error
