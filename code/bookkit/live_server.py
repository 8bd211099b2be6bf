"""The handlers that make a Jupyter server serve the book; see ``live.py``. Imports Jupyter."""

import os
from pathlib import Path

from jupyter_server.auth.decorator import allow_unauthenticated
from jupyter_server.base.handlers import APIHandler, JupyterHandler
from jupyter_server.serverapp import ServerApp
from tornado import web
from tornado.httputil import url_concat


class LiveServer(ServerApp):
    """A Jupyter server with the book under ``/book/``; it leaves no file with its token behind."""

    name = "book"

    def init_webapp(self):
        super().init_webapp()
        book = self.tornado_settings["book"]
        self.web_app.add_handlers(
            ".*",
            [
                (r"/book", Door),
                (r"/book/live\.json", Live),
                (r"/book/(.*)", Book, {"path": book, "default_filename": "index.html"}),
            ],
        )

    def write_server_info_file(self):
        """Other programs of Jupyter need not find this server."""

    def write_browser_open_files(self):
        """The file through which a browser is opened, so that no list of processes has the token.

        Only its owner can read it, and it goes when the server ends.
        """
        if not self.open_browser:
            return
        before = os.umask(0o077)
        try:
            super().write_browser_open_files()
        finally:
            os.umask(before)


class Door(JupyterHandler):
    """``/book`` leads to ``/book/``, below which the pages find each other."""

    @allow_unauthenticated
    def get(self):
        self.redirect("/book/")


class Live(APIHandler):
    """``GET /book/live.json``: says that there are kernels here, and whether for this browser."""

    @allow_unauthenticated
    def get(self):
        self.finish({"live": True, "admitted": self.current_user is not None})


class Book(JupyterHandler, web.StaticFileHandler):
    """The pages. They are no secret; what needs the cookie is the kernels' interface."""

    @allow_unauthenticated
    async def get(self, path, include_body=True):
        if self.get_query_arguments("token"):
            return self._come_in()
        # The page's script sends this cookie's value back with whatever it asks of the server.
        _ = self.xsrf_token
        # Its button then offers to run the code; of cookies a browser does not tell ports apart.
        port = self.request.host.rpartition(":")[2]
        self.set_cookie(f"book-live-{port}", "1", path="/book/", samesite="Strict")
        return await web.StaticFileHandler.get(self, path, include_body)

    @allow_unauthenticated
    async def head(self, path):
        return await self.get(path, include_body=False)

    def _come_in(self):
        """Jupyter gave the cookie for the token already; the address loses it before it shows."""
        _ = self.xsrf_token
        names = [name for name in self.request.query_arguments if name != "token"]
        rest = [(name, value) for name in names for value in self.get_query_arguments(name)]
        self.set_header("Referrer-Policy", "no-referrer")
        self.set_header("Cache-Control", "no-store")
        return self.redirect(url_concat(self.request.path, rest))

    def set_extra_headers(self, path):
        # A page that was built anew is shown; what did not change is still not sent twice.
        self.set_header("Cache-Control", "no-cache")
        self.set_header("X-Content-Type-Options", "nosniff")

    def compute_etag(self):
        return web.StaticFileHandler.compute_etag(self)

    def write_error(self, status_code, **kwargs):
        page = Path(self.settings["book"]) / "404.html"
        if status_code == 404 and page.is_file():
            self.set_header("Content-Type", "text/html; charset=utf-8")
            self.finish(page.read_bytes())
        else:
            super().write_error(status_code, **kwargs)
