"""A GitHub with a script: rows by path, GraphQL answers by query name, and faults in a line."""

import json
import threading
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

PREFIX = "/api/v3"
NOW = "Mon, 16 Nov 2026 09:00:00 GMT"
EPOCH = 1794819600  # the same moment


@dataclass
class Reply:
    """One answer; ``body`` is a document, or text as it is."""

    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Asked:
    """One request as it came."""

    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any = None


Answering = Callable[[Asked], Reply]


class Vendor(ThreadingHTTPServer):
    """``rest`` and ``graphql`` answer by path and by query name; ``faults`` come first, each once."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.rest: dict[str, Answering | Any] = {}
        self.graphql: dict[str, Answering | Any] = {}
        self.faults: dict[str, deque[Reply]] = defaultdict(deque)
        self.asked: list[Asked] = []
        self.under_way = self.most_under_way = 0
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def paths(self) -> list[str]:
        return [one.path for one in self.asked]

    def paged(self, path: str, rows: list[dict[str, Any]], per_page: int = 100) -> None:
        """Serve rows at a path, in pages that are linked by ``page``; an etag a page."""

        def answer(asked: Asked) -> Reply:
            size = min(int(asked.query.get("per_page", 30)), 100, per_page)
            page = int(asked.query.get("page", 1))
            part = rows[(page - 1) * size : page * size]
            headers = {"ETag": f'"{abs(hash(json.dumps(part)))}"'}
            if page * size < len(rows):
                query = urlencode({**asked.query, "page": page + 1})
                headers["Link"] = f'<{self.url}{PREFIX}{path}?{query}>; rel="next"'
            if asked.headers.get("if-none-match") == headers["ETag"]:
                return Reply(status=304, headers=headers)
            return Reply(part, headers=headers)

        self.rest[path] = answer


class Handler(BaseHTTPRequestHandler):
    server: Vendor
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        asked = self._asked(parts.path.removeprefix(PREFIX), parts.query)
        self._answer(asked, asked.path, self.server.rest)

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])) or b"{}")
        asked = self._asked(urlsplit(self.path).path.removeprefix(PREFIX), "", body)
        if "query" in body:
            name = body["query"].split("query ")[1].split("(")[0]
            self._answer(asked, name, self.server.graphql)
        else:
            self._answer(asked, asked.path, self.server.rest)

    def _asked(self, path: str, query: str, body: Any = None) -> Asked:
        values = {name: found[0] for name, found in parse_qs(query, keep_blank_values=True).items()}
        asked = Asked(path, values, {name.lower(): text for name, text in self.headers.items()}, body)
        self.server.asked.append(asked)
        return asked

    def _answer(self, asked: Asked, name: str, answers: dict[str, Any]) -> None:
        with self.server.lock:
            self.server.under_way += 1
            self.server.most_under_way = max(self.server.most_under_way, self.server.under_way)
            queue = self.server.faults[name] or self.server.faults["*"]
            fault = queue.popleft() if queue else None
        found = fault or answers.get(name, Reply({"message": "Not Found"}, 404))
        reply = found(asked) if callable(found) else found
        if not isinstance(reply, Reply):
            reply = Reply({"data": reply} if answers is self.server.graphql else reply)
        with self.server.lock:
            self.server.under_way -= 1
        self._send(reply)

    def _send(self, reply: Reply) -> None:
        body = reply.body if isinstance(reply.body, str) else json.dumps(reply.body)
        payload = b"" if reply.status == 304 else body.encode()
        self.send_response_only(reply.status)
        for name, text in {"Date": NOW, "Content-Type": "application/json", **reply.headers}.items():
            self.send_header(name, text)
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)


@contextmanager
def serving() -> Iterator[Vendor]:
    """A vendor for the block."""
    with Vendor() as vendor:
        thread = threading.Thread(target=vendor.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield vendor
        vendor.shutdown()


def connection(nodes: list[Any], total: int | None = None, after: str | None = None) -> dict[str, Any]:
    """A page of a GraphQL connection; ``after``: there is another one behind this cursor."""
    return {
        "totalCount": len(nodes) if total is None else total,
        "pageInfo": {"hasNextPage": after is not None, "endCursor": after or "end"},
        "nodes": nodes,
    }
