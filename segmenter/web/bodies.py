"""Bodies of requests: read within bounds of size and time, and taken as JSON or as text."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from starlette.requests import ClientDisconnect, Request

from segmenter.web.problems import ProblemError


async def read_body(request: Request, largest: int, seconds: float) -> bytes:
    """The body. Raises `ProblemError`: 413 over ``largest`` bytes, 408 after ``seconds``."""
    told = request.headers.get("content-length", "")
    if told.isdigit() and int(told) > largest:
        raise _too_large(largest)
    pieces: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(seconds):
            async for piece in request.stream():
                size += len(piece)
                if size > largest:
                    raise _too_large(largest)
                pieces.append(piece)
    except TimeoutError:
        raise ProblemError(
            408, f"the body did not come within {seconds:g} s", {"Connection": "close"}
        ) from None
    except ClientDisconnect:
        raise ProblemError(400, "the connection was closed before the body had come") from None
    return b"".join(pieces)


def _too_large(largest: int) -> ProblemError:
    return ProblemError(
        413,
        f"the body is over {largest} bytes; send fewer pages at a time",
        {"Connection": "close"},
        limit=largest,
    )


def parse_json(body: bytes) -> Any:
    """What a JSON body holds. Raises `ProblemError` (400) if it is none."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ProblemError(400, f"the body is no JSON: {error}") from None


def media_type(request: Request) -> str:
    """The media type of the body, in lower case, without parameters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()
