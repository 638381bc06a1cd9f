"""A client of the scripted GitHub, with a clock of its own: waiting takes no time."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from tempfile import TemporaryFile
from typing import Any

import orjson
import pytest
from github.Auth import Auth, Token

from observes_assets.contracts import RateLimit
from observes_assets.sources.github.access import Access
from observes_assets.sources.github.client import Client
from observes_assets.sources.github.pace import Pace
from observes_assets.sources.github.places import Repository
from observes_assets.sources.github.walk import Walk
from tests.integration.sources.github.vendor import PREFIX, Vendor, serving

SITE = Repository("1", "R_1", "octo/site", has_issues=True)
BEGAN_AT = datetime(2026, 11, 16, 9, tzinfo=UTC)


@dataclass
class Clock:
    """Seconds that pass only when somebody sleeps."""

    now: float = 0.0
    slept: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    with serving() as found:
        yield found


@pytest.fixture
def clock() -> Clock:
    return Clock()


MakeClient = Callable[..., Client]


@pytest.fixture
def make_client(vendor: Vendor, clock: Clock) -> Iterator[MakeClient]:
    made: list[Client] = []

    def make(
        *,
        wait: float = 300,
        make_auth: Callable[[], Auth] = lambda: Token("secret"),
        concurrency: int = 4,
        requests: int = 1000,
        graphql_url: str | None = None,
    ) -> Client:
        access = Access(
            make_auth,
            is_app=False,
            api_url=f"{vendor.url}{PREFIX}",
            graphql_url=graphql_url or f"{vendor.url}/api/graphql",
            wait_seconds=wait,
            organizations=(),
            repositories=(),
        )
        limit = RateLimit(requests=requests, period_seconds=60, concurrency=concurrency)
        made.append(Client(access, Pace(limit, clock=clock, sleep=clock.sleep), backoff_seconds=0.001))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def client(make_client: MakeClient) -> Client:
    return make_client()


def walk_from(start: dict[str, Any] | None = None, **more: Any) -> Walk:
    """A walk that begins at a cursor, a year of sweeps apart."""
    return Walk(TemporaryFile(), start, **{"began_at": BEGAN_AT, "sweep_every": timedelta(days=365), **more})


def read(walk: Walk) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in walk.lines()]


def issue(number: int, updated_at: str = "2026-11-16T08:00:00Z", **more: Any) -> dict[str, Any]:
    return {
        "id": 1000 + number,
        "node_id": f"I_{number}",
        "number": number,
        "title": f"Issue {number}",
        "state": "open",
        "created_at": "2026-11-01T08:00:00Z",
        "updated_at": updated_at,
        **more,
    }
