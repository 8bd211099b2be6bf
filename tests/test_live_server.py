"""``python -m bookkit live``: who gets in, where kernels start, what ends them, what is built."""

import http.cookiejar
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from bookkit import live
from bookkit.__main__ import main

ROOT = Path(__file__).resolve().parents[1]


# --- what is refused, before anything is built or started -----------------------------------------


@pytest.mark.parametrize("ip", ["0.0.0.0", "192.168.0.7", "::", "", "example.org", "127.0.0.1.nip"])
def test_an_address_beyond_loopback_is_refused(ip, monkeypatch):
    monkeypatch.setattr(live, "site_is_current", lambda *_: pytest.fail("it went on"))
    with pytest.raises(SystemExit) as stop:
        main(["live", "--no-browser", "--ip", ip])
    assert str(stop.value) == (
        f"--ip: expected one of 127.0.0.1, localhost, ::1, came {ip!r}. Whoever reaches the server "
        "can run code as you, so it listens on this machine alone."
    )


def test_a_port_that_is_taken_is_named(monkeypatch):
    monkeypatch.setattr(live, "site_is_current", lambda *_: pytest.fail("it went on"))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(SystemExit) as stop:
            main(["live", "--no-browser", "--port", str(port)])
    assert str(stop.value).startswith(f"--port: {port} on 127.0.0.1 is not to be had (")
    assert str(stop.value).endswith("Without --port a free one is found.")


def test_a_port_that_is_none_is_named():
    with pytest.raises(live.LiveError, match=r"^--port: 70000 on 127\.0\.0\.1 is not to be had"):
        live.free_port("127.0.0.1", 70000)


# --- when the site is built -----------------------------------------------------------------------


def test_the_site_is_current_until_a_source_changes(tmp_path):
    names = ["intro.md", "_toc.yml", "references.bib", "chapters/01_one.ipynb"]
    names += ["code/bookkit/site.py", "assets/book.css", "assets/live/page.js"]
    index = tmp_path / "_build" / "html" / "index.html"
    for name in [*names, "assets/vendor/x.js", "code/.cache/x", "code/__pycache__/x.pyc"]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
        os.utime(tmp_path / name, (100, 100))
    assert not live.site_is_current(tmp_path, tmp_path)
    index.parent.mkdir(parents=True)
    index.write_text("")
    os.utime(index, (200, 200))
    assert live.site_is_current(tmp_path, tmp_path)
    for name in ["assets/vendor/x.js", "code/.cache/x", "code/__pycache__/x.pyc"]:
        os.utime(tmp_path / name, (300, 300))
    assert live.site_is_current(tmp_path, tmp_path)  # these are made, not written
    for name in names:
        os.utime(tmp_path / name, (300, 300))
        assert not live.site_is_current(tmp_path, tmp_path), name
        os.utime(tmp_path / name, (100, 100))


# --- a server on a small site ---------------------------------------------------------------------

SERVER = """
import sys
from pathlib import Path
from bookkit import live
live.site_is_current = lambda root, out: True
live.ORPHAN = int(sys.argv[2])
live.serve(Path(sys.argv[1]), browser=sys.argv[3] == "browser")
"""


@contextmanager
def start(root, orphan=60, browser="none", **environment):
    """A server on the site in ``root``: its ``process``, ``home``, ``token``; it is ended."""
    process = subprocess.Popen(
        [sys.executable, "-c", SERVER, root, str(orphan), browser],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "JUPYTER_RUNTIME_DIR": str(root / "runtime"), **environment},
    )
    line = process.stdout.readline()
    found = re.fullmatch(r"The book, live: (http://127\.0\.0\.1:\d+)/book/\?token=(\w+)\n", line)
    if not found:
        process.kill()
        pytest.fail(line + process.communicate()[1])
    try:
        yield SimpleNamespace(process=process, home=found[1], token=found[2], root=root)
        process.terminate()
        process.communicate(timeout=30)
    finally:
        process.kill()  # where it has ended, this does nothing
        process.communicate()


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    root = tmp_path_factory.mktemp("book")
    html = root / "_build" / "html"
    html.mkdir(parents=True)
    (root / "chapters").mkdir()
    (html / "index.html").write_text("the first page")
    (html / "404.html").write_text("no such page")
    (root / "_build" / "secret.txt").write_text("not of the site")
    with start(root) as server:
        yield server


def ask(server, path, *, method="GET", jar=None, body=None, **headers):
    """(status, text, headers) of an answer; a redirect is not followed."""

    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_):
            return None

    jar = http.cookiejar.CookieJar() if jar is None else jar
    opener = urllib.request.build_opener(Stay, urllib.request.HTTPCookieProcessor(jar))
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(server.home + path, body, names, method=method)
    try:
        with opener.open(request) as answer:
            return answer.status, answer.read().decode(), answer.headers
    except urllib.error.HTTPError as answer:
        return answer.code, answer.read().decode(), answer.headers


def test_pages_are_open_and_kernels_are_not(server):
    assert ask(server, "/book/")[:2] == (200, "the first page")
    assert ask(server, "/book/nothing.html")[:2] == (404, "no such page")
    assert ask(server, "/book/..%2Fsecret.txt")[0] in (403, 404)
    assert ask(server, "/book")[2]["Location"] == "/book/"
    for path in ("/api/kernels", "/api/contents", "/api/sessions", "/api/kernels?token=wrong"):
        assert ask(server, path)[0] == 403, path
    assert ask(server, "/api/kernels", method="POST", body=b"{}")[0] == 403
    assert json.loads(ask(server, "/book/live.json")[1]) == {"live": True, "admitted": False}


def test_the_token_becomes_a_cookie_that_no_script_reads_and_no_other_site_sends(server):
    jar = http.cookiejar.CookieJar()
    status, _, headers = ask(server, f"/book/?token={server.token}&q=1", jar=jar)
    assert (status, headers["Location"]) == (302, "/book/?q=1")
    cookies = {cookie.name: cookie for cookie in jar}
    login = cookies.pop(f"username-127-0-0-1-{server.home.rpartition(':')[2]}")
    assert list(cookies) == ["_xsrf"]
    assert login.has_nonstandard_attr("HttpOnly")
    assert login.get_nonstandard_attr("SameSite") == "Strict"
    assert login.discard  # it ends with the browser
    assert not any(server.token in cookie.value for cookie in jar)
    assert json.loads(ask(server, "/book/live.json", jar=jar)[1])["admitted"] is True
    # A request that changes something needs the value of the other cookie as well.
    assert ask(server, "/api/kernels", jar=jar, method="POST", body=b"{}")[0] == 403
    foreign = {"Origin": "http://example.org", "X_XSRFToken": cookies["_xsrf"].value}
    assert ask(server, "/api/kernels", jar=jar, method="POST", body=b"{}", **foreign)[0] == 404


def test_a_wrong_token_lets_nobody_in_and_does_not_stay_in_the_address(server):
    jar = http.cookiejar.CookieJar()
    status, _, headers = ask(server, "/book/?token=guess", jar=jar)
    assert (status, headers["Location"]) == (302, "/book/")
    assert json.loads(ask(server, "/book/live.json", jar=jar)[1])["admitted"] is False


def test_a_foreign_name_that_leads_here_is_refused(server):
    assert ask(server, "/book/", Host="book.example.org")[0] == 403
    assert ask(server, "/book/", Host="localhost")[0] == 200


def test_the_server_leaves_no_file_with_its_token(server):
    files = [path for path in server.root.rglob("*") if path.is_file()]
    assert server.root / "_build" / "secret.txt" in files
    assert [path for path in files if server.token in path.read_text(errors="replace")] == []


def test_ctrl_c_ends_the_server_and_its_kernels(server):
    """Another start: another token, a kernel that is busy without end, and an end."""
    with start(server.root) as other:
        assert other.token != server.token and len(other.token) == 64
        authorized = {"Authorization": f"token {other.token}"}
        body = json.dumps({"name": "python3", "path": ""}).encode()
        status, text, _ = ask(other, "/api/kernels", method="POST", body=body, **authorized)
        assert status == 201, text
        kernels = children(other.process.pid)
        assert len(kernels) == 1
        assert [kernel.cwd() for kernel in kernels] == [str(server.root / "chapters")]
        other.process.send_signal(signal.SIGINT)
        assert other.process.wait(timeout=30) == 0
        assert "Ctrl-C ends it" in other.process.stdout.read()
        assert "The server and its kernels have ended." in other.process.stderr.read()
    end = time.monotonic() + 10
    while any(kernel.is_running() for kernel in kernels):
        assert time.monotonic() < end, "a kernel outlived its server"
        time.sleep(0.05)


def test_a_kernel_that_no_page_is_connected_to_ends(server):
    with start(server.root, orphan=1) as other:
        authorized = {"Authorization": f"token {other.token}"}
        assert ask(other, "/api/kernels", method="POST", body=b"{}", **authorized)[0] == 201
        end = time.monotonic() + 30
        while ask(other, "/api/kernels", **authorized)[1] != "[]":
            assert time.monotonic() < end, "the kernel is still there"
            time.sleep(0.2)


def test_the_browser_is_sent_through_a_file_that_only_its_owner_reads(server):
    """What a list of processes shows has no token, and the file goes with the server."""
    browser, seen = server.root / "browser.sh", server.root / "seen.txt"
    browser.write_text(f'#!/bin/sh\necho "$1" > {seen}.new && mv {seen}.new {seen}\n')
    browser.chmod(0o700)
    with start(server.root, browser="browser", BROWSER=str(browser)) as other:
        end = time.monotonic() + 30
        while not seen.is_file():
            assert time.monotonic() < end, "no browser was opened"
            time.sleep(0.05)
        address = seen.read_text().strip()
        assert address.startswith("file:///") and other.token not in address
        file = Path(address.removeprefix("file://"))
        assert f"{other.home}/book/?token={other.token}" in file.read_text()
        assert file.stat().st_mode & 0o077 == 0
        other.process.send_signal(signal.SIGINT)
        other.process.wait(timeout=30)
    assert not file.exists()


def children(pid):
    """The kernels among what a process started."""
    import psutil

    started = psutil.Process(pid).children(recursive=True)
    return [child for child in started if "ipykernel_launcher" in " ".join(child.cmdline())]


def test_what_a_kernel_without_a_page_comes_to():
    made = live.settings("site", "chapters", "127.0.0.1", 1, False)
    assert made["MappingKernelManager"] == {
        "cull_idle_timeout": 60,
        "cull_interval": 15,
        "cull_connected": False,
        "cull_busy": True,
    }
    assert made["ServerApp"]["allow_remote_access"] is False
    again = live.settings("site", "chapters", "127.0.0.1", 1, False)
    assert made["IdentityProvider"]["token"] != again["IdentityProvider"]["token"]
    assert made["ServerApp"]["cookie_secret"] != again["ServerApp"]["cookie_secret"]


def test_the_server_heeds_no_configuration_of_the_machine(tmp_path, monkeypatch):
    """A configuration that opens doors is not read, and the environment is as it was."""
    (tmp_path / "jupyter_server_config.py").write_text("c.ServerApp.disable_check_xsrf = True\n")
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(tmp_path))
    ask_for = "import sys; from bookkit import live; app = live.make_server(sys.argv[1], '.'); "
    ask_for += "print(app.disable_check_xsrf, app.ip, app.identity_provider.token == '')"
    done = subprocess.run(
        [sys.executable, "-c", ask_for, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["False", "127.0.0.1", "False"]
    with live.without_own_configuration():
        assert os.environ["JUPYTER_NO_CONFIG"] == "1"
    assert "JUPYTER_NO_CONFIG" not in os.environ


# --- what the pages get from npm ------------------------------------------------------------------


def test_the_page_and_python_have_the_same_anywidget():
    from importlib.metadata import version

    about = json.loads((ROOT / "assets" / "package.json").read_text(encoding="utf-8"))
    assert about["dependencies"]["anywidget"] == version("anywidget")


def test_the_lock_names_no_address():
    lock = (ROOT / "assets" / "package-lock.json").read_text(encoding="utf-8")
    assert '"resolved"' not in lock
    assert '"node_modules/@jupyterlab/services"' in lock
