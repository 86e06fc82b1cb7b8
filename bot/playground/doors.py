"""Who may come in: this machine, by its own name, from its own page, with this run's token."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web
from aiohttp.typedefs import Middleware

from bot.playground.place import Place

LARGEST_BODY = 1024 * 1024
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
NOT_YOURS = "Open the address that the playground printed: it carries the token of this run.\n"
HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


@dataclass(frozen=True, slots=True)
class Doors:
    """Checks every request: a foreign name in `Host` is DNS rebinding, a foreign `Origin` is another site's script.

    The page and its own API want the run's token besides, in the address the first time and in a cookie from then on.
    The Web API has tokens of its own.
    """

    place: Place
    token: str

    @property
    def cookie(self) -> str:
        """The cookie's name: cookies do not know ports, so it carries the port."""
        return f"playground_{self.place.port}"

    @property
    def _origins(self) -> tuple[str, ...]:
        return tuple(f"http://{host}" for host in self.place.hosts)

    @property
    def content_security_policy(self) -> str:
        """Only our own script, style and icon; nothing is ever fetched from elsewhere."""
        sockets = " ".join(f"ws://{host}" for host in self.place.hosts)
        return (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
            f"connect-src 'self' {sockets}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
            "require-trusted-types-for 'script'; trusted-types 'none'"
        )

    def middleware(self) -> Middleware:
        """The check as aiohttp wants it."""

        @web.middleware
        async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
            if request.headers.get("Host", "").lower() not in self.place.hosts:
                return _refused("This playground answers to 127.0.0.1 and localhost only.\n")
            origin = request.headers.get("Origin")
            if origin is not None and origin.lower() not in self._origins:
                return _refused("This playground answers to its own page only.\n")
            return await handler(request)

        return guard

    async def on_prepare(self, request: web.Request, response: web.StreamResponse) -> None:
        """Put the protecting headers on every answer."""
        del request
        response.headers.update(HEADERS)
        response.headers["Content-Security-Policy"] = self.content_security_policy

    def has_token(self, given: str) -> bool:
        """Whether `given` is this run's token, compared in constant time."""
        return hmac.compare_digest(given.encode(), self.token.encode())

    def admit(self, request: web.Request) -> None:
        """Let the page's own requests in: with the cookie, and for anything but a plain load also with an `Origin`."""
        if not self.has_token(request.cookies.get(self.cookie, "")):
            raise web.HTTPForbidden(text=NOT_YOURS)
        changes = request.method != "GET" or request.headers.get("Upgrade") is not None
        if changes and request.headers.get("Origin", "").lower() not in self._origins:
            raise web.HTTPForbidden(text="This playground answers to its own page only.\n")

    def welcome(self, request: web.Request, response: web.StreamResponse) -> None:
        """Trade the token in the address for a cookie."""
        if not self.has_token(request.query.get("token", "")):
            self.admit(request)
            return
        response.set_cookie(self.cookie, self.token, httponly=True, samesite="Strict", path="/")


def _refused(words: str) -> web.Response:
    return web.Response(status=403, text=words)
