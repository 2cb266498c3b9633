"""Sees each request from its beginning to its end: the access log, and the counts."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Collection
from datetime import UTC, datetime

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from segmenter.serve.metrics import Metrics

Log = Callable[[dict[str, object]], None]


def to_stderr(entry: dict[str, object]) -> None:
    """Writes an entry of the access log: a line of JSON, in which no path can forge another."""
    sys.stderr.write(json.dumps(entry) + "\n")
    sys.stderr.flush()


class Watch:
    """Logs and counts each request once its answer is sent, or its client gone (status 499)."""

    def __init__(
        self, app: ASGIApp, paths: Collection[str], metrics: Metrics, log: Log | None
    ) -> None:
        """``paths`` are told apart in the counts; all others are one."""
        self._app = app
        self._paths = frozenset(paths)
        self._metrics = metrics
        self._log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.monotonic()
        status, got, sent = 499, 0, 0

        async def receive_watched() -> Message:
            nonlocal got
            message = await receive()
            got += len(message.get("body", b""))
            return message

        async def send_watched(message: Message) -> None:
            nonlocal status, sent
            if message["type"] == "http.response.start":
                status = message["status"]
            sent += len(message.get("body", b""))
            await send(message)

        try:
            await self._app(scope, receive_watched, send_watched)
        finally:
            took = time.monotonic() - began
            path = scope["path"] if scope["path"] in self._paths else "other"
            self._metrics.requests.labels(path, str(status)).inc()
            self._metrics.seconds.labels(path).observe(took)
            if self._log is not None:
                client = scope.get("client")
                self._log(
                    {
                        "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
                        "client": client[0] if client else "",
                        "method": scope["method"],
                        "path": scope["path"][:500],
                        "status": status,
                        "ms": round(took * 1000, 1),
                        "bytes_in": got,
                        "bytes_out": sent,
                    }
                )
