"""The explorer: static files of node/explorer, read once; they come from this server alone and load nothing else.

Names and descriptions on a chain are anybody's words. The page puts them in as text; the policy below is the second
lock: no inline script, no style, image or connection from elsewhere, no frame around it.
"""

from importlib.resources import files
from typing import Final

from aiohttp import web

from node.rpc.errors import NotFound

_TYPES: Final = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".html": "text/html"}
_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self' ws: wss:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}
INDEX: Final = "index.html"


class Page:
    """index.html at /, the rest at /explorer/NAME."""

    def __init__(self) -> None:
        folder = files("node.explorer")
        self._files = {
            entry.name: (entry.read_bytes(), kind)
            for entry in folder.iterdir()
            for ending, kind in _TYPES.items()
            if entry.name.endswith(ending)
        }

    def add_to(self, app: web.Application) -> None:
        app.router.add_get("/", self._serve_index)
        app.router.add_get("/explorer/{name}", self._serve_file)

    async def _serve_index(self, request: web.Request) -> web.Response:
        return self._answer(INDEX)

    async def _serve_file(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if name not in self._files:
            return web.Response(status=404, text=str(NotFound("file", name[:80])), headers=_HEADERS)
        return self._answer(name)

    def _answer(self, name: str) -> web.Response:
        body, kind = self._files[name]
        return web.Response(body=body, content_type=kind, charset="utf-8", headers=_HEADERS)
