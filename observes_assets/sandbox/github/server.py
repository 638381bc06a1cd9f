"""The server: one company's GitHub over HTTP, on this machine only."""

from email.utils import format_datetime
from typing import Any

from observes_assets.sandbox.github import faults, graphql
from observes_assets.sandbox.github.credentials import TOKEN, Credentials
from observes_assets.sandbox.github.limits import CORE, GRAPHQL, Limits
from observes_assets.sandbox.github.messages import Asked, entity_tag, refusal
from observes_assets.sandbox.github.rest import paths
from observes_assets.sandbox.github.view import Access, View
from observes_assets.sandbox.messages import Answer, Request
from observes_assets.sandbox.serving import Vendor
from observes_assets.sandbox.switches import Instead
from observes_assets.sandbox.world import World

REST, GRAPHQL_PATH = "/api/v3", "/api/graphql"
_VERSIONS = ("2022-11-28", "2026-03-10")


class GitHub(Vendor):
    """GitHub as the world has it, with its switches. ``address`` is what clients write: http://host:port."""

    def __init__(self, world: World, address: str, *, latency_seconds: float = 0.0) -> None:
        super().__init__(world, address, latency_seconds=latency_seconds)
        self.token = TOKEN
        self.credentials = Credentials()
        self.limits = Limits(clock=self._now)
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

    def understood(self, request: Request) -> Asked:
        """The request, by the path without the API's prefix."""
        path = "/graphql" if request.path == GRAPHQL_PATH else request.path.removeprefix(REST)
        return Asked(request.method, path, request.query, request.headers, request.body)

    def answered(self, request: Request, refused: Answer | None = None) -> Answer:
        """What a switch says, else what the limits say, else the truth."""
        refused = self.limits.enter(_resource(request))
        try:
            return super().answered(request, refused)
        finally:
            self.limits.leave()

    def failed(self, message: str) -> Answer:
        """An error in GitHub's form."""
        return refusal(500, message)

    def fault(self, name: str, **options: Any) -> Instead:
        """One of ``faults.instead``."""
        return faults.instead(name, **options)

    def true_answer(self, request: Request) -> Answer:
        """What GitHub says to whom."""
        resource = _resource(request)
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

    def _now(self) -> float:
        return self.world.now.timestamp()

    def _view(self, access: Access) -> View:
        if self._remembers != self.world.version:
            self._remembers, self._memory = self.world.version, {}
        return View(self.world.company, self.rest_url, self.address, access, self._memory)

    def _conditional(self, request: Request, made: Answer, access: Access) -> Answer:
        """What is unchanged costs nothing and has no body."""
        salt = f"{sorted(access.scopes or ())} {request.headers.get('accept', '')} {self.address}"
        if made.status == 200:
            made.headers["ETag"] = entity_tag(made, salt)
            if request.headers.get("if-none-match") == made.headers["ETag"]:
                return Answer(304, None, {"ETag": made.headers["ETag"]})
        self.limits.spend(CORE, 1)
        if access.scopes is not None:
            made.headers["X-OAuth-Scopes"] = ", ".join(sorted(access.scopes))
        return made

    def headers(self, request: Request) -> dict[str, str]:
        """What every answer has."""
        version = request.headers.get("x-github-api-version", _VERSIONS[0])
        return {
            "Content-Type": "application/json; charset=utf-8",
            # The world's clock: what is new is new by it.
            "Date": format_datetime(self.world.now, usegmt=True),
            "Server": "github.com",
            "X-GitHub-Request-Id": f"{len(self.requests):08X}",
            "X-GitHub-Api-Version-Selected": version,
            **self.limits.headers(_resource(request)),
        }

    def _rate_limit(self) -> Answer:
        core = self.limits.state(CORE)
        resources = {"core": core, "graphql": self.limits.state(GRAPHQL), "search": core}
        return Answer(body={"resources": resources, "rate": core})


def _resource(request: Request) -> str:
    return GRAPHQL if request.path == "/graphql" else CORE
