"""The API: its routes, and what each answers."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from segmenter import __version__
from segmenter.encoding import charset_of
from segmenter.labelled import json_line
from segmenter.page import Page
from segmenter.segmenter import Segmenter
from segmenter.serve import pages as pg
from segmenter.serve.limits import Admission, Deadline, Limits
from segmenter.serve.metrics import CONTENT_TYPE, Metrics
from segmenter.serve.openapi import describe
from segmenter.serve.pages import Batch, Sent
from segmenter.serve.watch import Log, Watch
from segmenter.web.bodies import media_type, read_body
from segmenter.web.problems import HANDLERS, JsonResponse, ProblemError

Answer = Callable[[Sent, Page], dict[str, Any]]
PATHS = ("/v1/label", "/v1/clean", "/healthz", "/metrics", "/openapi.json")


def build(segmenter: Segmenter, model: str, limits: Limits, log: Log | None = None) -> ASGIApp:
    """The application. ``model`` names the model, ``log`` takes the entries of the access log."""
    api = _Api(segmenter, model, limits)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        api.admission = Admission(limits)  # its threads end with each run
        yield
        api.admission.close()

    app = Starlette(
        routes=[
            Route("/v1/label", api.label, methods=["POST"]),
            Route("/v1/clean", api.clean, methods=["POST"]),
            Route("/healthz", api.health),
            Route("/metrics", api.show_metrics),
            Route("/openapi.json", api.description),
        ],
        exception_handlers=HANDLERS,
        lifespan=lifespan,
    )
    return Watch(app, PATHS, api.metrics, log)


def _refuse_others(request: Request, known: Sequence[str]) -> None:
    """Raises `ProblemError` for a parameter that is none of ``known``: it would be of no effect."""
    for name in request.query_params:
        if name not in known:
            takes = f"; this takes {' and '.join(known)}" if known else ""
            raise ProblemError(422, f"there is no parameter {name[:40]!r}{takes}")


class _Api:
    def __init__(self, segmenter: Segmenter, model: str, limits: Limits) -> None:
        self.segmenter = segmenter
        self.labels = tuple(segmenter.model.labels)
        self.limits = limits
        self.model = model
        self.admission = Admission(limits)
        self.metrics = Metrics(__version__, model, lambda: self.admission)
        self.openapi = describe(self.labels, limits, __version__)

    async def label(self, request: Request) -> Response:
        _refuse_others(request, ())
        return await self._answer(request, _labelled)

    async def clean(self, request: Request) -> Response:
        keep, min_confidence = self._choice(request)

        def cleaned(sent: Sent, page: Page) -> dict[str, Any]:
            data: dict[str, Any] = {} if sent.id is None else {"id": sent.id}
            data["text"] = page.clean(keep, min_confidence)
            if page.metadata is not None:
                data["metadata"] = page.metadata.to_dict()
            return data

        return await self._answer(request, cleaned)

    def _choice(self, request: Request) -> tuple[Sequence[str], float]:
        _refuse_others(request, ("keep", "min_confidence"))
        keep = request.query_params.getlist("keep") or self.labels[:1]
        for label in keep:
            if label not in self.labels:
                known = ", ".join(self.labels)
                raise ProblemError(422, f"keep={label[:40]!r} is none of {known}")
        given = request.query_params.getlist("min_confidence") or ["0"]
        try:
            confidence = float(given[-1])
        except ValueError:
            confidence = math.nan
        if not 0 <= confidence <= 1:
            raise ProblemError(422, f"min_confidence={given[-1][:40]!r} is not between 0 and 1")
        return keep, confidence

    async def _answer(self, request: Request, answer: Answer) -> Response:
        kind = media_type(request)
        charset = charset_of(request.headers.get("content-type", ""))
        pg.check_type(kind, charset, request.headers.get("content-encoding", ""))
        told = request.headers.get("content-length", "")
        size = min(int(told), self.limits.body) if told.isdigit() and len(told) < 16 else 0
        async with self.admission.place(size) as deadline:
            body = await read_body(request, self.limits.body, deadline.left)

            def work() -> bytes:
                batch = pg.parse(body, kind, charset, self.limits.pages)
                return self._work(batch, deadline, answer)

            content = await self.admission.work(deadline, len(body), work)
        return Response(content, media_type="application/json")

    def _work(self, batch: Batch, deadline: Deadline, answer: Answer) -> bytes:
        found = []
        for sent, page in self._pages(batch, deadline):
            self.metrics.count(page)
            found.append(answer(sent, page))
        data = found[0] if batch.single else {"pages": found}
        return json_line(data).encode()

    def _pages(self, batch: Batch, deadline: Deadline) -> Iterator[tuple[Sent, Page]]:
        """Each page with what was sent, in the order in which it was sent."""

        def texts() -> Iterator[str]:
            for sent in batch.pages:
                if sent.html is None:
                    deadline.check()
                    yield sent.text

        def markup() -> Iterator[bytes | str]:
            for sent in batch.pages:
                if sent.html is not None:
                    deadline.check()
                    yield sent.html

        of_text, of_html = self.segmenter.pipe(texts()), self.segmenter.pipe_html(markup())
        for sent in batch.pages:
            yield sent, next(of_text if sent.html is None else of_html)

    async def health(self, request: Request) -> Response:
        return JsonResponse({"status": "ok", "version": __version__, "model": self.model})

    async def show_metrics(self, request: Request) -> Response:
        return Response(self.metrics.text(), headers={"Content-Type": CONTENT_TYPE})

    async def description(self, request: Request) -> Response:
        return JsonResponse(self.openapi)


def _labelled(sent: Sent, page: Page) -> dict[str, Any]:
    """What `/v1/label` says of a page."""
    data: dict[str, Any] = {} if sent.id is None else {"id": sent.id}
    return {**data, **page.to_dict()}
