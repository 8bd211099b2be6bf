"""The book with a kernel behind it: a Jupyter server on this machine that also serves the site.

The page and the kernels have one origin, so a page needs no address and no token: the browser
brings the cookie that it got when it came in. Whoever has the token can run code as the user who
started the server. Therefore: loopback only, a token for this one start, no configuration of the
machine's own Jupyter (which may open doors), and nothing of the token in a file of the browser.
"""

import os
import secrets
import signal
import socket
import sys
from contextlib import contextmanager
from pathlib import Path

LOOPBACK = ("127.0.0.1", "localhost", "::1")

#: A kernel that no page is connected to lives this many seconds, and so do its variables. Pages
#: end their kernel when they are left; this is for a browser that could not.
ORPHAN = 60


class LiveError(Exception):
    """The server cannot be started; the message says why and what to do."""


def newest_source(root):
    """When anything that the site is built from was changed last, in seconds."""
    root = Path(root)
    patterns = ["*.md", "_*.yml", "references.bib", "chapters/**/*", "code/**/*", "assets/**/*"]
    built = {root / "assets" / "vendor"}
    return max(
        path.stat().st_mtime
        for pattern in patterns
        for path in root.glob(pattern)
        if path.is_file()
        and not built & set(path.parents)
        and not any(part.startswith((".", "__pycache__")) for part in path.relative_to(root).parts)
    )


def site_is_current(root, out):
    """Whether ``out`` holds a site that is younger than all it is built from."""
    index = Path(out) / "_build" / "html" / "index.html"
    return index.is_file() and index.stat().st_mtime > newest_source(root)


def loopback(ip):
    """``ip`` if it is an address that only this machine reaches; `LiveError` otherwise."""
    if ip not in LOOPBACK:
        raise LiveError(
            f"--ip: expected one of {', '.join(LOOPBACK)}, came {ip!r}. Whoever reaches the server "
            "can run code as you, so it listens on this machine alone."
        )
    return ip


def free_port(ip, port):
    """``port``, or any free one for 0; `LiveError` where it is taken."""
    family = socket.AF_INET6 if ":" in ip else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        if os.name == "posix":  # a port that was closed a moment ago is free, as for the server
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((ip, port))
        except (OSError, OverflowError) as error:
            raise LiveError(
                f"--port: {port} on {ip} is not to be had ({error}). "
                "Without --port a free one is found."
            ) from None
        return probe.getsockname()[1]


def settings(site, chapters, ip, port, browser):
    """The configuration of the server, all that differs from Jupyter's defaults."""
    import zmq

    return {
        "ServerApp": {
            "ip": ip,
            "port": port,
            "port_retries": 0,  # another port than the one that was announced helps nobody
            "root_dir": str(chapters),  # kernels start here, as they do under the notebooks
            "default_url": "/book/",
            "open_browser": browser,
            "allow_remote_access": False,  # a foreign name that leads to 127.0.0.1 is refused
            "allow_unauthenticated_access": False,
            "allow_root": True,  # whoever is root already is; the server hears this machine alone
            "cookie_secret": secrets.token_bytes(32),  # Jupyter would keep one for years
            "jpserver_extensions": {},
            "log_level": "ERROR",
            "tornado_settings": {"book": str(site)},
        },
        "IdentityProvider": {
            "token": secrets.token_hex(32),
            # Until the browser is closed; never sent where another site leads here.
            "cookie_options": {"expires_days": None, "samesite": "Strict"},
        },
        "MappingKernelManager": {
            "cull_idle_timeout": ORPHAN,
            "cull_interval": max(1, ORPHAN // 4),
            "cull_connected": False,
            "cull_busy": True,  # an endless loop that nobody watches any more
        },
        # Between the server and a kernel: other users of the machine cannot listen.
        "KernelManager": {"transport_encryption": "auto" if zmq.has("curve") else "disabled"},
        # The environment's own kernel, whatever "python3" means elsewhere on this machine.
        "KernelSpecManager": {"kernel_dirs": [], "ensure_native_kernel": True},
    }


@contextmanager
def without_own_configuration():
    """Jupyter reads none of the machine's configuration while this lasts."""
    before = os.environ.get("JUPYTER_NO_CONFIG")
    os.environ["JUPYTER_NO_CONFIG"] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ["JUPYTER_NO_CONFIG"]
        else:
            os.environ["JUPYTER_NO_CONFIG"] = before


def make_server(site, chapters, ip="127.0.0.1", port=0, browser=False):
    """A server that is ready to ``start()``: a `jupyter_server.serverapp.ServerApp`.

    ``site`` is the folder of the built site, ``chapters`` the one in which kernels start; ``port``
    0 takes a free one. `LiveError` for an address beyond loopback and a port that is taken.
    """
    ip = loopback(ip)
    port = free_port(ip, port)
    from traitlets.config import Config

    from bookkit.live_server import LiveServer

    with without_own_configuration():
        app = LiveServer(config=Config(settings(site, chapters, ip, port, browser)))
        app.initialize(argv=[], find_extensions=False)
    return app


def entrance(app):
    """The address that lets a browser in; the server takes the token off it again."""
    host = f"[{app.ip}]" if ":" in app.ip else app.ip
    return f"http://{host}:{app.port}/book/?token={app.identity_provider.token}"


def announce(app):
    """Say where the book is."""
    print(f"The book, live: {entrance(app)}")
    print("The address lets in whoever has it: keep it to yourself. Ctrl-C ends it.", flush=True)


def serve(root, out=None, ip="127.0.0.1", port=0, browser=True):
    """Build the site where that is needed, serve it with kernels until Ctrl-C."""
    from bookkit.site import build_site

    root, out = Path(root).resolve(), Path(out or root).resolve()
    loopback(ip)  # said before ten seconds of building
    if port:
        free_port(ip, port)
    if not site_is_current(root, out):
        print("Building the site from the stored outputs ...", flush=True)
        build_site(root, out)
    app = make_server(out / "_build" / "html", root / "chapters", ip, port, browser)
    app.io_loop.add_callback(announce, app)  # when it listens, which is the loop's first work
    signal.signal(signal.SIGINT, app._signal_stop)  # Jupyter would ask whether we are sure
    app.start()
    print("The server and its kernels have ended.", file=sys.stderr)
