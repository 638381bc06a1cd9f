"""One served company for those who only look; those who change it serve their own."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from observes_assets.sandbox import World
from observes_assets.sandbox.github import GitHub, serving
from observes_assets.sandbox.zoho import Zoho
from observes_assets.sandbox.zoho import serving as serving_zoho
from tests.integration.sandbox.zoho_caller import AT as ZOHO_AT

AT = datetime(2026, 4, 22, 15, 30, tzinfo=UTC)
SITE = "/repos/quillmark-works/harbor"


class Caller:
    """Asks a server as plainly as can be."""

    def __init__(self, github: GitHub, token: str | None = None) -> None:
        self.github = github
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {token or github.token}"

    def get(self, path: str, **query: Any) -> requests.Response:
        """One answer; ``path`` may be a whole URL."""
        url = path if path.startswith("http") else self.github.rest_url + path
        return self.session.get(url, params=query, allow_redirects=False, timeout=120)

    def all(self, path: str, **query: Any) -> list[Any]:
        """Every page of a list."""
        answer = self.get(path, **query)
        rows = answer.json()
        while following := answer.links.get("next"):
            answer = self.get(following["url"])
            rows += answer.json()
        return list(rows)

    def ask(self, query: str, **variables: Any) -> Any:
        """What a GraphQL query says, errors and all."""
        body = {"query": query, "variables": variables}
        answer = self.session.post(self.github.graphql_url, json=body, timeout=120)
        assert answer.status_code == 200
        return answer.json()


@pytest.fixture(scope="session")
def looked_at() -> Iterator[GitHub]:
    """Nobody changes anything here."""
    with serving(World(at=AT)) as github:
        yield github
    assert not github.failures


@pytest.fixture
def github() -> Iterator[GitHub]:
    """A company of one's own."""
    with serving(World(at=AT)) as own:
        yield own
    assert not own.failures


@pytest.fixture
def caller(looked_at: GitHub) -> Caller:
    return Caller(looked_at)


@pytest.fixture
def zoho() -> Iterator[Zoho]:
    """A company of one's own, whose Zoho's jobs take no time."""
    with serving_zoho(World(at=ZOHO_AT)) as own:
        own.jobs.seconds = 0
        yield own
    assert not own.failures
