"""A TimeDoctor with a script: rows by user, and what goes wrong with the next answers."""

import json
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

NOW = "Mon, 16 Nov 2026 09:00:00 GMT"
Document = dict[str, Any]


@dataclass
class Reply:
    """One answer; ``body`` is a document, or bytes as they are."""

    body: Any
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()


@dataclass
class Asked:
    """One request as it came."""

    path: str
    query: dict[str, str]
    authorization: str
    body: Any = None

    @property
    def users(self) -> list[str]:
        """Who was asked for."""
        return [one for one in self.query.get("user", "").split(",") if one]


class Vendor(ThreadingHTTPServer):
    """``answers`` by path; ``faults`` come first, each once. Each login gives another token."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[Asked] = []
        self.faults: deque[Reply | Callable[[Asked], Reply]] = deque()
        self.valid: set[str] = set()
        self.worklogs: dict[str, list[Document]] = {}
        self.answers: dict[str, Callable[[Asked], Reply]] = {
            "activity/worklog": self.of_users,
            "activity/timeuse": self.of_users,
        }

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def paths(self) -> list[str]:
        return [one.path for one in self.asked]

    def of_users(self, asked: Asked) -> Reply:
        """A list of lists; about the login alone, if nobody was named."""
        return Reply({"data": [self.worklogs.get(user, []) for user in asked.users or ["owner"]]})

    def answer(self, asked: Asked) -> Reply:
        self.asked.append(asked)
        if self.faults:
            fault = self.faults.popleft()
            return fault(asked) if callable(fault) else fault
        if asked.path == "login":
            token = f"token-{len(self.asked)}"
            self.valid.add(f"JWT {token}")
            return Reply({"data": {"token": token}})
        if asked.authorization not in self.valid:
            return Reply({"error": "invalidToken"}, 401)
        if asked.path == "logout":
            return Reply({"data": {}})
        return self.answers[asked.path](asked)


class _Handler(BaseHTTPRequestHandler):
    server: Vendor
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        self._reply(None)

    def do_POST(self) -> None:
        self._reply(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

    def _reply(self, body: Any) -> None:
        parts = urlsplit(self.path)
        asked = Asked(
            parts.path.removeprefix("/api/1.0/"),
            dict(parse_qsl(parts.query)),
            self.headers.get("Authorization", ""),
            body,
        )
        reply = self.server.answer(asked)
        content = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
        self.send_response_only(reply.status)
        for name, value in (("Date", NOW), ("Content-Length", str(len(content))), *reply.headers):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)


@contextmanager
def serving() -> Iterator[Vendor]:
    """A vendor for the block."""
    with Vendor() as vendor:
        threading.Thread(target=vendor.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield vendor
        vendor.shutdown()


def cut(document: Document) -> Reply:
    """Half of a document, under 200 and with the length to match."""
    content = json.dumps(document).encode()
    return Reply(content[: len(content) // 2])
