"""Problem documents: what a server answers when it does not do what it was asked (RFC 9457)."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from segmenter.labelled import json_line

MEDIA_TYPE = "application/problem+json"


class ProblemError(Exception):
    """A request that is answered with a problem document.

    ``detail`` says what is wrong and what to do; ``more`` are further members of the document.
    """

    def __init__(
        self,
        status: int,
        detail: str,
        headers: Mapping[str, str] | None = None,
        **more: Any,
    ) -> None:
        """A problem with this HTTP status."""
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = dict(headers or {})
        self.more = more


class JsonResponse(Response):
    """Data as JSON in UTF-8; half a surrogate pair, which UTF-8 has not, is escaped."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """The body."""
        return json_line(content).encode()


def problem(
    status: int, detail: str, headers: Mapping[str, str] | None = None, **more: Any
) -> Response:
    """The problem document as a response. Its type is ``about:blank``: the status tells it."""
    document = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        **more,
    }
    return JsonResponse(document, status, headers, MEDIA_TYPE)


async def on_problem(request: Request, error: Exception) -> Response:
    """The response for a `ProblemError`."""
    assert isinstance(error, ProblemError)
    return problem(error.status, error.detail, error.headers, **error.more)


async def on_http_exception(request: Request, error: Exception) -> Response:
    """The response for what the framework refuses: an unknown path, a method that is not there."""
    assert isinstance(error, HTTPException)
    detail, headers = error.detail, dict(error.headers or {})
    if error.status_code == 404:
        detail = f"there is nothing at {request.url.path[:200]}"
    elif error.status_code == 405:
        headers["Allow"] = ", ".join(sorted(headers.get("Allow", "").split(", ")))
        allowed = headers["Allow"]
        detail = f"{request.method} is not for {request.url.path[:200]}; it takes {allowed}"
    return problem(error.status_code, detail, headers)


async def on_error(request: Request, error: Exception) -> Response:
    """The response for a fault of the program's own."""
    return problem(500, "the server has a fault; its log tells more")


HANDLERS: dict[Any, Any] = {
    ProblemError: on_problem,
    HTTPException: on_http_exception,
    Exception: on_error,
}
"""What an application is given as its exception handlers."""
