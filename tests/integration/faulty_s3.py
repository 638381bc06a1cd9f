"""A real S3 server (moto's) behind a way that loses, breaks and delays what it carries.

Requests are carried one at a time, so that a conditional write is atomic, as S3's is.
"""

import http.client
import re
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal

Fault = Literal["unavailable", "conflict", "denied", "missing", "lost", "undone", "cut", "slow", "stale"]
SLOW_SECONDS = 6.0  # a good answer never takes so long, however busy the machine

ANSWERS = {
    "unavailable": (503, "SlowDown"),
    "conflict": (409, "ConditionalRequestConflict"),
    "denied": (403, "AccessDenied"),
    "missing": (404, "NoSuchKey"),
}
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length"}


class FaultyS3(ThreadingHTTPServer):
    """Forwards to ``target``; ``fail`` says what happens to the next requests."""

    daemon_threads = True

    def __init__(self, target: tuple[str, int]) -> None:
        super().__init__(("127.0.0.1", 0), Forward)
        self.target = target
        self.lock = threading.Lock()
        self.keeps_conditions = True
        self.reset()

    def reset(self) -> None:
        self.faults: list[Fault] = []
        self.sparing = 0
        self.requests: list[str] = []
        self.failing = ("", "")
        self.keeps_conditions = True

    def fail(self, *faults: Fault, method: str, query: str = "", after: int = 0) -> None:
        """Let these happen, one a request, to requests of that method with that text in their query.

        Args:
            method: '' for any.
            after: so many such requests pass before.
        """
        self.faults = list(faults)
        self.sparing = after
        self.failing = (method, query)

    def next_fault(self) -> Fault | None:
        self.sparing -= 1
        return self.faults.pop(0) if self.faults and self.sparing < 0 else None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Forward(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else each answer waits 40 ms for an acknowledgement
    server: FaultyS3

    def log_message(self, *_arguments: object) -> None:
        pass

    def carry(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        with self.server.lock:
            self.server.requests.append(f"{self.command} {self.path}")
            method, query = self.server.failing
            fits = method in ("", self.command) and query in self.path.partition("?")[2]
            fault = self.server.next_fault() if fits else None
            if fault in ANSWERS:
                status, code = ANSWERS[fault]
                text = f"<Error><Code>{code}</Code><Message>test</Message></Error>".encode()
                self.answer(status, {"Content-Type": "application/xml"}, text)
                return
            if fault == "undone":
                self.hang_up()
                return
            status, headers, text = self.forward(body)
        if fault == "lost":
            self.hang_up()
            return
        if fault == "slow":
            time.sleep(SLOW_SECONDS)
        if fault == "stale":
            text = without_newest(text)
        self.answer(status, headers, text, is_cut=fault == "cut")

    def hang_up(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def forward(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        headers = dict(self.headers)
        headers.pop("Expect", None)
        if not self.server.keeps_conditions:
            headers.pop("If-None-Match", None)
        connection = http.client.HTTPConnection(*self.server.target, timeout=30)
        try:
            connection.request(self.command, self.path, body, headers)
            response = connection.getresponse()
            kept = {key: value for key, value in response.getheaders() if key.lower() not in HOP_BY_HOP}
            if self.command == "HEAD":
                kept["Content-Length"] = response.getheader("Content-Length", "0")
            return response.status, kept, response.read()
        finally:
            connection.close()

    def answer(self, status: int, headers: dict[str, str], body: bytes, *, is_cut: bool = False) -> None:
        self.send_response_only(status)
        for key, value in headers.items():
            self.send_header(key, value)
        if self.command != "HEAD" and status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body[: len(body) // 2] if is_cut else body)
        if is_cut:
            self.close_connection = True

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = carry  # noqa: N815 - http.server's names


def without_newest(listing: bytes) -> bytes:
    """A listing as a server gives it that has not heard yet of the last object."""
    contents = list(re.finditer(rb"<Contents>.*?</Contents>", listing, re.DOTALL))
    if not contents:
        return listing
    newest = max(contents, key=lambda one: re.search(rb"<Key>(.*?)</Key>", one[0]).group(1))  # type: ignore[union-attr]
    return listing[: newest.start()] + listing[newest.end() :]
