"""The server of ``symchiral serve``: one page, reports of what is sent to it, nothing else.

Whoever asks must know the *key*, a random word in the address of the page. A page of another site
does not know it and cannot read it: its requests, forged or sent by a name that it made lead here
(DNS rebinding), find nothing. ``Host`` and ``Origin`` are checked as well.
"""

from __future__ import annotations

import ipaddress
import json
import re
import secrets
import shutil
import socket
import sys
import tempfile
import threading
from collections import OrderedDict
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BufferedIOBase
from pathlib import Path
from typing import Any

from symchiral.children import Limits, Worker
from symchiral.errors import InputError, SymchiralError
from symchiral.page.upload import Listed, upload_html
from symchiral.web.jobs import CHILD, FILES, REPORT, Job, Made
from symchiral.web.uploads import KIND, MOST_FILES, read_head, store

MOST_BYTES = 200_000_000
"""Bytes of one request, where nothing is said: force data of a large supercell."""

MOST_CONNECTIONS = 32
"""Open at once; a browser has six."""

MOST_WAITING = 8
"""Reports being made or waiting; they are made one after the other."""

MOST_KEPT = 50
"""Reports kept, of 1 MB or so."""

SECONDS = 60.0
"""A browser that sends nothing for so long has gone."""

PAGE_POLICY = "frame-ancestors 'none'"
"""Beside the policy that the page carries itself."""

REPORT_POLICY = "sandbox allow-scripts allow-downloads allow-modals allow-popups"
"""A report is a place of its own: nothing in it could ask the server for anything else."""

_HOST = re.compile(r"(?:\[(?P<number>[^\[\]]+)\]|(?P<name>[^:\[\]]+))(?::\d+)?")

NOTHING = "default-src 'none'; frame-ancestors 'none'"
HTML = "text/html; charset=utf-8"
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}
"""Of every answer: nobody guesses its type, learns the key, keeps it, or shows it in a frame."""


@dataclass(frozen=True)
class _Kept:
    """A report: where it lies, and its line in the list."""

    folder: Path
    listed: Listed


class Server(ThreadingHTTPServer):
    """A server that has begun to listen; ``serve_forever`` answers, ``close`` ends it.

    Parameters
    ----------
    host : str
        Address to listen at; only the machine itself reaches ``127.0.0.1``.
    port : int
        0 takes one that is free.
    limits : Limits
        Of one report.
    most_bytes : int
        Of one request.

    Attributes
    ----------
    address : str
        Of the page.
    loopback : bool
        Whether only this machine reaches it.

    Raises
    ------
    InputError
        It cannot listen there.
    """

    daemon_threads = True
    block_on_close = False

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        limits: Limits,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        try:
            # Before it is given a socket, the base class wants to know the kind of address.
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
            self.address_family = found[0]
            super().__init__((str(found[4][0]), port), _Handler)
        except (OSError, OverflowError, UnicodeError) as error:
            raise InputError(
                f"cannot listen at {host}, port {port}",
                why=getattr(error, "strerror", None) or str(error),
                fix="give another --port, 0 for one that is free, or another --host",
            ) from error
        self.host = host
        self.key = secrets.token_urlsafe(24)
        self.limits, self.most_bytes = limits, most_bytes
        number = ipaddress.ip_address(str(self.server_address[0]).partition("%")[0])
        self.loopback = number.is_loopback
        shown = host if not number.is_unspecified else socket.gethostname()
        bracketed = f"[{shown}]" if ":" in shown else shown
        self.address = f"http://{bracketed}:{self.server_address[1]}/{self.key}/"
        self.folder = Path(tempfile.mkdtemp(prefix="symchiral-serve-"))
        self._worker = Worker(CHILD, None, limits)
        self._one, self._listing = threading.Lock(), threading.Lock()
        self._waiting = threading.BoundedSemaphore(MOST_WAITING)
        self._connections = threading.BoundedSemaphore(MOST_CONNECTIONS)
        self._kept: OrderedDict[str, _Kept] = OrderedDict()

    def close(self) -> None:
        """End the child, and remove all reports."""
        self._worker.end()
        self.server_close()
        shutil.rmtree(self.folder, ignore_errors=True)

    # -------------------------------------------------------------------------- connections

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer in a thread, of which there are a limited number."""
        if not self._connections.acquire(blocking=False):
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Answer, and let another in."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._connections.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of browsers that go away; anything else is a bug, and goes to stderr."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)

    def knows(self, host: str) -> bool:
        """Whether a ``Host`` is one that a browser uses that was given our address.

        Numbers, ``localhost`` and the name that was listened at: a site that leads its own name
        here sends that name.
        """
        match = _HOST.fullmatch(host.strip().lower())
        name = "" if match is None else match["number"] or match["name"]
        try:
            ipaddress.ip_address(name.partition("%")[0])
        except ValueError:
            return name in {"localhost", self.host.lower(), socket.gethostname().lower()}
        return True

    # -------------------------------------------------------------------------- reports

    def listed(self) -> list[Listed]:
        """Return the reports kept, the latest first."""
        with self._listing:
            return [kept.listed for kept in reversed(self._kept.values())]

    def report(self, name: str) -> bytes | None:
        """Return a page; None if it is not kept."""
        with self._listing:
            kept = self._kept.get(name)
        try:
            return None if kept is None else (kept.folder / REPORT).read_bytes()
        except OSError:
            return None

    def receive(self, stream: BufferedIOBase, length: int) -> Listed | str:
        """Take files from a request and make the report of them; return why not, in words."""
        name = secrets.token_urlsafe(16)
        folder = self.folder / name
        folder.mkdir()
        listed: Listed | str = ""
        try:
            upload = read_head(stream, length)
            store(stream, upload, folder / FILES)
            listed = self._made(Job(str(folder), upload.names, upload.roles, upload.options), name)
        except SymchiralError as error:
            listed = str(error)
        finally:
            shutil.rmtree(
                folder / FILES if isinstance(listed, Listed) else folder, ignore_errors=True
            )
        if isinstance(listed, Listed):
            with self._listing:
                self._kept[name] = _Kept(folder, listed)
                old = [*self._kept][:-MOST_KEPT]
                gone = [self._kept.pop(key).folder for key in old]
            for left in gone:
                shutil.rmtree(left, ignore_errors=True)
        return listed

    def _made(self, job: Job, name: str) -> Listed | str:
        with self._one:
            outcome = self._worker.ask(job)
        if outcome.failed:
            return f"no report was made: {outcome.message}"
        made = outcome.answer
        assert isinstance(made, Made)
        if made.error:
            return made.error
        said = ", ".join(f"{key.replace('_', '-')} {x}" for key, x in job.options.items())
        page = "".join(x for x in made.formula if x.isascii() and x.isalnum()) or "report"
        address = f"report/{name}/{page}.html"
        return Listed(made.formula, made.group, ", ".join(job.names), said, address)

    def admit(self) -> bool:
        """Whether one more report may be asked for; :meth:`leave` follows."""
        return self._waiting.acquire(blocking=False)

    def leave(self) -> None:
        """Let another in."""
        self._waiting.release()


class _Handler(BaseHTTPRequestHandler):
    """One request; every connection is closed after it."""

    server: Server
    timeout = SECONDS
    server_version, sys_version = "symchiral", ""

    def do_GET(self) -> None:
        """Give the page or a report."""
        if self.path == "/favicon.ico":  # browsers ask for it unasked
            self._say(HTTPStatus.NO_CONTENT, b"", "image/x-icon")
            return
        path = self._path()
        if path is None:
            return
        if path == "":
            page = upload_html(
                self.server.listed(),
                kind=KIND,
                most_bytes=self.server.most_bytes,
                most_files=MOST_FILES,
                seconds=self.server.limits.seconds,
            )
            self._say(HTTPStatus.OK, page.encode("utf-8"), HTML, PAGE_POLICY)
            return
        words = path.split("/")
        found = self.server.report(words[1]) if len(words) == 3 and words[0] == "report" else None
        if found is None:
            self._tell(HTTPStatus.NOT_FOUND, "There is no such report, or no more.")
        else:
            self._say(HTTPStatus.OK, found, HTML, REPORT_POLICY)

    do_HEAD = do_GET

    def do_POST(self) -> None:
        """Take files, and say where their report is or why there is none."""
        if self._path() != "report":
            return
        length = self._length()
        if length is None:
            return
        if not self.server.admit():
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE, "Too many reports are being made: wait.")
            return
        try:
            found = self.server.receive(self.rfile, length)
        finally:
            self.server.leave()
        if isinstance(found, str):
            self._refuse(HTTPStatus.UNPROCESSABLE_ENTITY, found)
        else:
            self._json(HTTPStatus.OK, {"report": found.address})

    def _path(self) -> str | None:
        """What follows the key; None, and said, where the request is not of our page."""
        if not self.server.knows(self.headers.get("Host", "")):
            self._tell(
                HTTPStatus.MISDIRECTED_REQUEST, "Use the address that symchiral serve printed."
            )
            return None
        key, _, rest = self.path.partition("?")[0].removeprefix("/").partition("/")
        if not secrets.compare_digest(key.encode(), self.server.key.encode()):
            self._tell(HTTPStatus.NOT_FOUND, "Use the address that symchiral serve printed.")
            return None
        if self.command == "POST" and (rest != "report" or not self._own()):
            self._tell(HTTPStatus.FORBIDDEN, "Send files with the page.")
            return None
        return rest

    def _own(self) -> bool:
        """Whether a request with files comes from our page, as far as the browser says."""
        origin = self.headers.get("Origin")
        site = self.headers.get("Sec-Fetch-Site", "same-origin")
        return site == "same-origin" and origin in (None, f"http://{self.headers.get('Host')}")

    def _length(self) -> int | None:
        """Bytes that follow; None, and said, where they are not wanted."""
        text = self.headers.get("Content-Length", "")
        if self.headers.get("Content-Type") != KIND:
            self._refuse(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Send files with the page.")
        elif "Transfer-Encoding" in self.headers or not (text.isascii() and text.isdigit()):
            self._refuse(HTTPStatus.LENGTH_REQUIRED, "The request does not say how long it is.")
        elif len(text) > 15 or int(text) > self.server.most_bytes:
            most = f"{self.server.most_bytes / 1e6:g} MB"
            self._refuse(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                f"the files are too large: the limit is {most}. Set another: --largest.",
            )
        else:
            return int(text)
        return None

    # -------------------------------------------------------------------------- answers

    def _refuse(self, status: HTTPStatus, text: str) -> None:
        self._json(status, {"error": text})

    def _json(self, status: HTTPStatus, document: dict[str, str]) -> None:
        self._say(status, json.dumps(document).encode(), "application/json")

    def _say(self, status: HTTPStatus, body: bytes, kind: str, policy: str = NOTHING) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", policy)
        for name, value in HEADERS.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _tell(self, status: HTTPStatus, text: str) -> None:
        self._say(status, f"{text}\n".encode(), "text/plain; charset=utf-8")

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Say of a request that is none what its status says; nothing of it is repeated."""
        status = HTTPStatus(code)
        self._tell(status, f"{status.phrase}.")

    def log_message(self, format: str, *args: Any) -> None:
        """Print nothing: only the command line prints."""
