"""Who may talk to the application: the browser that was given its address, and no other page."""

from __future__ import annotations

import secrets
from collections.abc import Iterable

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from segmenter.web.problems import problem

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


class Guard:
    """Lets a request through whose path begins with the token, and whose Host and Origin are right.

    The Host tells a page that has its own name point to this machine (DNS rebinding), the Origin
    and Sec-Fetch-Site a page of another site that sends requests here.
    """

    def __init__(self, app: ASGIApp, token: str, hosts: Iterable[str]) -> None:
        """``hosts``: what the Host header may be, each with its port."""
        self._app = app
        self._token = token.encode()
        self._hosts = frozenset(hosts)
        self._origins = frozenset(f"http://{host}" for host in self._hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_HEADERS)
            await send(message)

        refusal = self._refusal(scope)
        if refusal:
            await problem(403, refusal)(scope, receive, send_guarded)
            return
        await self._app(scope, receive, send_guarded)

    def _refusal(self, scope: Scope) -> str:
        headers = Headers(scope=scope)
        if headers.get("host", "") not in self._hosts:
            return "the Host is not this server's"
        origin = headers.get("origin")
        if origin is not None and origin not in self._origins:
            return "the Origin is not this server's"
        # "none" is an address that a person typed or followed from outside the web.
        site = headers.get("sec-fetch-site", "none")
        opened = scope["method"] == "GET" and headers.get("sec-fetch-mode") == "navigate"
        if site not in ("same-origin", "none") and not opened:
            return "the request comes from a page of another site"
        # The path may be "*", of a request for the server as a whole.
        token = scope["path"].partition("/")[2].partition("/")[0]
        if not secrets.compare_digest(token.encode("utf-8", "surrogateescape"), self._token):
            return "the address lacks the token; open the one that `segmenter review` printed"
        return ""
