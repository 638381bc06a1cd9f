"""The server: one company's GitHub over HTTP, on this machine only."""

import time
from datetime import datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import orjson

from observes_assets.sandbox.github import faults, graphql
from observes_assets.sandbox.github.credentials import TOKEN, Credentials
from observes_assets.sandbox.github.limits import CORE, GRAPHQL, Limits
from observes_assets.sandbox.github.messages import Answer, Request, refusal
from observes_assets.sandbox.github.rest import paths
from observes_assets.sandbox.github.view import Access, View
from observes_assets.sandbox.world import World

REST, GRAPHQL_PATH = "/api/v3", "/api/graphql"
_VERSIONS = ("2022-11-28", "2026-03-10")


class GitHub:
    """GitHub as the world has it, with its switches. ``address`` is what clients write: http://host:port."""

    def __init__(self, world: World, address: str, *, latency_seconds: float = 0.0) -> None:
        self.world = world
        self.address = address
        self.latency_seconds = latency_seconds
        self.token = TOKEN
        self.credentials = Credentials()
        self.limits = Limits()
        self.switches = faults.Switches()
        self.requests: list[Request] = []
        self.failures: list[Exception] = []
        self._memory: dict[tuple[str, int], Any] = {}
        self._remembers = world.version

    @property
    def rest_url(self) -> str:
        """Base URL of the REST API, with a path prefix as GitHub Enterprise has."""
        return f"{self.address}{REST}"

    @property
    def graphql_url(self) -> str:
        """URL of the GraphQL API."""
        return f"{self.address}{GRAPHQL_PATH}"

    def answer(self, request: Request) -> Answer:
        """Answer one request."""
        if request.path.startswith("/_sandbox/"):
            return self._control(request)
        if self.latency_seconds:
            time.sleep(self.latency_seconds)
        self.requests.append(request)
        resource = GRAPHQL if request.path == "/graphql" else CORE
        refused = self.limits.enter(resource)
        try:
            made = self.switches.instead_of(request) or refused or self._true_answer(request, resource)
        except Exception as error:
            # Ours, not the client's: told to whoever runs the server, and to the client in GitHub's form.
            self.failures.append(error)
            made = refusal(500, f"The sandbox failed: {error!r}")
        finally:
            self.limits.leave()
        made = self.switches.altered(request, made)
        for change in self.switches.changes_after(request):
            self.world.change(change)
        made.headers = self._headers(request, resource) | made.headers
        return made

    def _true_answer(self, request: Request, resource: str) -> Answer:
        if request.path.startswith("/app/"):
            return self.credentials.exchange(request)
        access = self.credentials.access(request)
        if isinstance(access, Answer):
            return access
        if request.headers.get("x-github-api-version", _VERSIONS[0]) not in _VERSIONS:
            return refusal(400, "The given API version is not supported")
        with self.world.lock:
            view = self._view(access)
            if resource == GRAPHQL:
                made, cost = graphql.answer(view, request, self.limits)
                self.limits.spend(GRAPHQL, cost)
                return made
            if request.path == "/rate_limit":
                return self._rate_limit()
            made = paths.answer(view, request)
        return self._conditional(request, made, access)

    def _view(self, access: Access) -> View:
        if self._remembers != self.world.version:
            self._remembers, self._memory = self.world.version, {}
        return View(self.world.company, self.rest_url, self.address, access, self._memory)

    def _conditional(self, request: Request, made: Answer, access: Access) -> Answer:
        """What is unchanged costs nothing and has no body."""
        salt = f"{sorted(access.scopes or ())} {request.headers.get('accept', '')} {self.address}"
        if made.status == 200:
            made.headers["ETag"] = made.tag(salt)
            if request.headers.get("if-none-match") == made.headers["ETag"]:
                return Answer(304, None, {"ETag": made.headers["ETag"]})
        self.limits.spend(CORE, 1)
        if access.scopes is not None:
            made.headers["X-OAuth-Scopes"] = ", ".join(sorted(access.scopes))
        return made

    def _headers(self, request: Request, resource: str) -> dict[str, str]:
        version = request.headers.get("x-github-api-version", _VERSIONS[0])
        return {
            "Content-Type": "application/json; charset=utf-8",
            # The world's clock: what is new is new by it.
            "Date": format_datetime(self.world.now, usegmt=True),
            "Server": "github.com",
            "X-GitHub-Request-Id": f"{len(self.requests):08X}",
            "X-GitHub-Api-Version-Selected": version,
            **self.limits.headers(resource),
        }

    def _rate_limit(self) -> Answer:
        core = self.limits.state(CORE)
        resources = {"core": core, "graphql": self.limits.state(GRAPHQL), "search": core}
        return Answer(body={"resources": resources, "rate": core})

    def _control(self, request: Request) -> Answer:
        """Switches for those outside of this process: clock, faults, and what was asked so far."""
        body: dict[str, Any] = orjson.loads(request.body) if request.body else {}
        if request.path == "/_sandbox/clock":
            if body:
                self.world.set_clock(datetime.fromisoformat(body["at"]))
            return Answer(body={"at": self.world.now.isoformat()})
        if request.path == "/_sandbox/faults":
            if not body:
                self.switches.clear()
            else:
                act = faults.instead(body["fault"], **body.get("options", {}))
                counts = {name: int(body[name]) for name in ("times", "skip") if name in body}
                self.switches.answer_instead(body["pattern"], act, **counts)
            return Answer(body={})
        if request.path == "/_sandbox/requests":
            return Answer(body=[one.name for one in self.requests])
        return refusal(404, "Not Found")


class Listener(ThreadingHTTPServer):
    """Listens on the loopback interface; port 0 takes a free one."""

    daemon_threads = True
    request_queue_size = 128
    github: GitHub

    def __init__(self, port: int = 0, *, is_shared: bool = False) -> None:
        self.allow_reuse_port = is_shared
        super().__init__(("127.0.0.1", port), _Handler)

    @classmethod
    def on(cls, port: int, *, is_shared: bool) -> "Listener":
        """Listen on this port; where it need not be this one, on a free one if it is taken."""
        try:
            return cls(port, is_shared=is_shared)
        except OSError:
            if not is_shared:
                raise
            return cls(0)

    @property
    def address(self) -> str:
        """What clients write."""
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Listener

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def _serve(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        parts = urlsplit(self.path)
        path = "/graphql" if parts.path == GRAPHQL_PATH else parts.path.removeprefix(REST)
        request = Request(
            self.command,
            path,
            dict(parse_qsl(parts.query, keep_blank_values=True)),
            {name.lower(): value for name, value in self.headers.items()},
            self.rfile.read(length),
        )
        answer = self.server.github.answer(request)
        content = answer.content()
        # One write: a second small one would wait for the first one's acknowledgement.
        lines = [f"HTTP/1.1 {answer.status} {self.responses.get(answer.status, ('',))[0]}"]
        lines += [f"{name}: {value}" for name, value in answer.headers.items()]
        lines += [f"Content-Length: {len(content)}", "", ""]
        shown = content if answer.cut_after is None else content[: answer.cut_after]
        self.wfile.write("\r\n".join(lines).encode() + shown)
        if answer.cut_after is not None:
            self.close_connection = True

    def log_message(self, *_arguments: object) -> None:
        """Say nothing: ``GitHub.requests`` has it all."""
