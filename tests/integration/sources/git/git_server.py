"""A real git server over HTTP: ``git http-backend`` behind Basic authentication, with faults on demand."""

import base64
import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class GitServer(ThreadingHTTPServer):
    """Serves every repository beneath a folder.

    ``token`` None: no authentication. ``fault``: a status to answer with, "empty" (an empty page), or a URL
    to redirect to. ``seen``: the Authorization header of each request. While ``paused`` is not set, nothing
    is answered.
    """

    daemon_threads = True

    def __init__(self, root: Path) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.root = root
        self.token: str | None = None
        self.username = "x-access-token"
        self.fault: int | str | None = None
        self.seen: list[str | None] = []
        self.asked = threading.Event()
        self.paused = threading.Event()
        self.paused.set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: GitServer
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        self.answer()

    def do_POST(self) -> None:
        self.answer()

    def answer(self) -> None:
        given = self.headers.get("Authorization")
        self.server.seen.append(given)
        body = self.body()
        if self.fault():
            return
        wanted = base64.b64encode(f"{self.server.username}:{self.server.token}".encode()).decode()
        if self.server.token is not None and given != f"Basic {wanted}":
            self.reply(401, b"", {"WWW-Authenticate": 'Basic realm="git"'})
            return
        if given is not None or self.server.token is None:
            self.server.asked.set()
            self.server.paused.wait(240)
        self.backend(body)

    def fault(self) -> bool:
        fault = self.server.fault
        if fault is None:
            return False
        if fault == "empty":
            self.reply(200, b"", {"Content-Type": "text/plain"})
        elif isinstance(fault, str):
            self.reply(302, b"", {"Location": fault + self.path})
        else:
            self.reply(fault, b"no\n", {})
        return True

    def body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") == "chunked":
            pieces = []
            while size := int(self.rfile.readline(), 16):
                pieces.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(pieces)
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def backend(self, body: bytes) -> None:
        path, _, query = self.path.partition("?")
        environment = {
            "PATH": os.environ["PATH"],
            "GIT_PROJECT_ROOT": str(self.server.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": "safe.directory",
            "GIT_CONFIG_VALUE_0": "*",
            "REQUEST_METHOD": self.command,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
        }
        done = subprocess.run(
            ["git", "http-backend"], input=body, capture_output=True, env=environment, check=False
        )
        head, _, answer = done.stdout.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n") if line)
        status = int(headers.pop("Status", "200").split()[0])
        self.reply(status, answer, headers)

    def reply(self, status: int, answer: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)


@contextmanager
def serving(root: Path) -> Iterator[GitServer]:
    """Serve for the length of a block."""
    with GitServer(root) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield server
        server.paused.set()
        server.shutdown()
        thread.join()
