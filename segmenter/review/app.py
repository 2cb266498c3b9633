"""The application: its routes, and what each answers."""

from __future__ import annotations

import hashlib
from importlib.resources import files
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from segmenter.errors import InputError, MissingExtraError, SegmenterError
from segmenter.formats import Record
from segmenter.formats.text import decode
from segmenter.review.session import ConflictError, Session, UnknownPageError
from segmenter.web.bodies import media_type, parse_json, read_body
from segmenter.web.problems import HANDLERS, JsonResponse, ProblemError

LARGEST_BODY = 16 << 20
"""Bytes that a pasted page, or the labels of one, may have."""

SECONDS = 30.0
"""How long a body may take to come."""

_TYPES = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}


def build(session: Session, token: str) -> Starlette:
    """The application for a review, under the path of its token."""
    routes = _Routes(session)
    return Starlette(
        routes=[
            Route(f"/{token}/", routes.static),
            Route(f"/{token}/static/{{name}}", routes.static),
            Route(f"/{token}/api/state", routes.state),
            Route(f"/{token}/api/pages", routes.pages, methods=["GET"]),
            Route(f"/{token}/api/pages", routes.add, methods=["POST"]),
            Route(f"/{token}/api/pages/{{key}}", routes.page, methods=["GET"]),
            Route(f"/{token}/api/pages/{{key}}", routes.change, methods=["PUT"]),
            Route(f"/{token}/api/pages/{{key}}/why", routes.why),
            Route(f"/{token}/api/search", routes.search),
            Route(f"/{token}/api/model", routes.reload, methods=["POST"]),
        ],
        exception_handlers=HANDLERS,
    )


def _static_files() -> dict[str, bytes]:
    """All that the browser loads, by name; nothing else is ever read for it."""
    folder = files("segmenter.review").joinpath("static")
    return {
        path.name: path.read_bytes()
        for path in folder.iterdir()
        if path.name.rpartition(".")[2] in _TYPES
    }


class _Routes:
    def __init__(self, session: Session) -> None:
        self.session = session
        self.files = _static_files()

    async def static(self, request: Request) -> Response:
        name = request.path_params.get("name", "index.html")
        if name not in self.files:
            raise ProblemError(404, f"there is no file {name[:80]!r}")
        return Response(self.files[name], media_type=_TYPES[name.rpartition(".")[2]])

    async def state(self, request: Request) -> Response:
        session = self.session
        newer = await run_in_threadpool(session.newer_model)
        return JsonResponse(
            {
                "labels": list(session.labels),
                "file": session.corrections.path.name,
                "path": str(session.corrections.path.absolute()),
                "model": session.digest,
                "newer": newer,
            }
        )

    async def pages(self, request: Request) -> Response:
        return JsonResponse(await run_in_threadpool(self.session.summaries))

    async def page(self, request: Request) -> Response:
        return JsonResponse(await run_in_threadpool(self._show, request.path_params["key"]))

    def _show(self, key: str) -> dict[str, Any]:
        try:
            return self.session.show(self.session.entry(key))
        except UnknownPageError as error:
            raise ProblemError(404, str(error)) from error

    async def change(self, request: Request) -> Response:
        key = request.path_params["key"]
        data = parse_json(await read_body(request, LARGEST_BODY, SECONDS))
        if not (
            isinstance(data, dict)
            and isinstance(data.get("version"), str)
            and isinstance(data.get("confirmed"), bool)
        ):
            raise ProblemError(422, 'the body needs "version", "confirmed" and "blocks"')

        def save() -> dict[str, Any]:
            try:
                entry = self.session.change(
                    key, data["version"], data.get("blocks"), data["confirmed"]
                )
            except UnknownPageError as error:
                raise ProblemError(404, str(error)) from error
            except ConflictError as error:
                raise ProblemError(409, str(error), page=self._show(key)) from error
            except InputError as error:
                raise ProblemError(422, str(error)) from error
            return self.session.show(entry)

        return JsonResponse(await run_in_threadpool(save))

    async def add(self, request: Request) -> Response:
        body = await read_body(request, LARGEST_BODY, SECONDS)
        name = request.query_params.get("name", "")[:200]
        kind = media_type(request)
        if kind not in ("text/plain", "text/html"):
            raise ProblemError(415, "a page comes as text/plain or text/html")

        def label() -> dict[str, Any]:
            try:
                where = name or f"pasted {hashlib.sha256(body).hexdigest()[:8]}"
                if kind == "text/html":
                    record = Record(where, "", where, html=body)
                else:
                    record = Record(where, decode(body)[0], where)
                entry = self.session.add(record)
            except MissingExtraError as error:
                raise ProblemError(501, str(error)) from error
            except SegmenterError as error:
                raise ProblemError(422, f"{name or 'the page'}: {error}") from error
            return self.session.summary(entry)

        return JsonResponse(await run_in_threadpool(label), 201)

    async def search(self, request: Request) -> Response:
        words = request.query_params.get("q", "")[:1000]
        return JsonResponse(await run_in_threadpool(self.session.search, words))

    async def why(self, request: Request) -> Response:
        try:
            start, end = (int(request.query_params[name][:12]) for name in ("start", "end"))
        except (KeyError, ValueError):
            raise ProblemError(422, "start and end must be numbers") from None

        def explained() -> dict[str, Any]:
            try:
                return self.session.why(request.path_params["key"], start, end)
            except UnknownPageError as error:
                raise ProblemError(404, str(error)) from error
            except InputError as error:
                raise ProblemError(422, str(error)) from error

        return JsonResponse(await run_in_threadpool(explained))

    async def reload(self, request: Request) -> Response:
        def load() -> None:
            try:
                self.session.reload()
            except SegmenterError as error:
                raise ProblemError(409, str(error)) from error

        await run_in_threadpool(load)
        return await self.state(request)
