"""The whole way, from a living company's GitHub into tables: what lands, what is gone, what goes on."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from dagster import AssetCheckSeverity
from pydantic import SecretStr

from observes_assets.cli import github as cli_github
from observes_assets.extraction import Extractor
from observes_assets.installation import Installation
from observes_assets.sandbox import World
from observes_assets.sandbox.company import Company, boards, code, issues, organization
from observes_assets.sandbox.github import serving
from observes_assets.sandbox.github.server import GitHub
from observes_assets.sandbox.github.view import github_id
from observes_assets.settings import Settings
from observes_assets.sources.github import access
from observes_assets.sources.github import issues as reading_issues
from observes_assets.sources.github.account import Account, observe_all
from observes_assets.sources.github.assets import _every_place_observed
from observes_assets.sources.github.client import Client
from observes_assets.sources.github.pace import Pace
from observes_assets.sources.observes.recording import attempts

ORGANIZATION = "quillmark-works"
BEGAN_AT = datetime(2026, 2, 23, 9, tzinfo=UTC)
"""Seven weeks after the company's founding: small enough to be read in seconds."""


@dataclass
class House:
    """An installation beside a company."""

    installation: Installation
    connection: psycopg.Connection
    world: World
    server: GitHub

    def observe(self, **settings: Any) -> Account:
        """One run, with other settings than the house's."""
        changed = self.installation.settings.model_copy(update=settings)
        found = access.read(changed)
        assert found is not None
        contract = self.installation.contracts["github"]
        assert contract.rate_limit is not None
        client = Client(found, Pace(contract.rate_limit), backoff_seconds=0.001)
        try:
            with attempts(self.installation, self.connection, contract, "test") as extractor:
                account = observe_all(extractor, client)
        finally:
            client.close()
        assert self.server.failures == []
        return account

    def one(self, query: str, *parameters: Any) -> Any:
        row = self.connection.execute(query, parameters).fetchone()
        return row[0] if row and len(row) == 1 else row

    def versions(self) -> dict[str, int]:
        """How many versions each stream has; observations aside, which tell of what is left of the hour."""
        return {
            stream: self.one(f"select count(*) from landing.github__{stream}")
            for stream in self.installation.contracts["github"].streams
            if stream != "observations"
        }

    def head(self, stream: str, key: str, value: str) -> Any:
        """Whether the newest version of a record is a tombstone, and its content."""
        return self.one(
            f"select v.is_deleted, r.record from landing.github__{stream} as v "
            f"join raw_github.{stream} as r on r.load_id = v.content_load_id and r.record_key = v.record_key "
            "where v.superseded_by is null and r.record ->> %s = %s",
            key,
            value,
        )


@pytest.fixture
def house(database_url: str, tmp_path: Path) -> Iterator[House]:
    world = World(seed=1, at=BEGAN_AT)
    with serving(world) as server:
        settings = Settings(
            _env_file=None,
            home=tmp_path,
            postgres_url=SecretStr(database_url),
            github_token=SecretStr(server.token),
            github_organizations=ORGANIZATION,
            github_api_url=server.rest_url,
            github_graphql_url=server.graphql_url,
            github_wait=0,
        )
        installation = Installation(settings)
        installation.set_up()
        with installation.connect("test") as connection:
            yield House(installation, connection, world, server)


def open_issues(company: Company, repository: str) -> list[Any]:
    """Issues of a repository that are still there."""
    found = company.repository(repository).issues.values()
    return [one for one in found if one.pull is None and one.gone is None]


def open_pull(company: Company, repository: str) -> Any:
    """A pull request that is still open."""
    found = company.repository(repository).issues.values()
    return next(one for one in found if one.pull and one.is_open)


@dataclass
class Day:
    """What happens at the company in one day, and to what."""

    deleted: Any = None
    transferred: Any = None
    cleared: Any = None
    archived: Any = None
    removed: Any = None
    rebased: Any = None

    def __call__(self, company: Company) -> None:
        issues_there = open_issues(company, "harbor")
        self.deleted, self.transferred = issues_there[3], issues_there[5]
        issues.delete(company, self.deleted)
        issues.transfer(company, self.transferred, company.repository("ledger"), self.deleted.author)
        board = company.boards[2]
        cards = [one for one in board.items if not one.is_archived and one.content in issues_there[10:]]
        pointed = [one for one in cards if boards.value_of(board, one, "Points") is not None]
        self.cleared, self.archived, self.removed = pointed[0], pointed[1], pointed[2]
        boards.set_value(company, board, self.cleared, "Points", None)
        boards.archive_card(company, self.archived)
        boards.remove_card(company, board, self.removed)
        organization.hide_repository(company, company.repository("atlas"))
        self.rebased = open_pull(company, "harbor")
        code.force_push(company, self.rebased, "All of it at once", {"src/all.txt": "everything\n"})


def test_a_day_at_the_company(house: House) -> None:
    first = house.observe()
    assert first.named("failed") == {}
    before = house.versions()
    assert before["issues"] > 50
    assert house.one("select count(*) from landing.quarantine where source = 'github'") == 0
    assert house.one(
        "select bool_and(reported_count = records_read) from landing.loads "
        "where source = 'github' and stream in ('issues', 'pull_requests', 'project_items')"
    )
    assert house.server.limits.most_at_once <= 8

    # Twice more, nothing has changed: no version, and hardly a request that costs quota.
    house.observe()
    left = house.server.limits.remaining("core")
    polls = house.observe().request_count
    assert house.versions() == before
    assert left - house.server.limits.remaining("core") < polls / 4
    assert polls < first.request_count

    house.world.change(day := Day())
    house.world.set_clock(BEGAN_AT + timedelta(hours=25))
    after = house.observe()
    assert after.named("failed") == {}
    _assert_told_apart(house, day)
    _assert_rebased(house, day.rebased)
    assert house.one("select count(*) from landing.refusals where source = 'github'") == 0
    _assert_every_account_is_called_personal(house)


def _assert_told_apart(house: House, day: Day) -> None:
    deleted, transferred = (str(github_id("issue", one.id)) for one in (day.deleted, day.transferred))
    assert house.head("issues", "id", deleted)[0]
    assert house.head("issues", "id", transferred)[0]
    fates = dict(
        house.connection.execute(
            "select record ->> 'id', record ->> 'fate' from raw_github.disappearances"
        ).fetchall()
    )
    assert (fates[deleted], fates[transferred]) == ("deleted", "transferred")
    moved_to = house.head("disappearances", "id", transferred)[1]["moved_to"]
    assert moved_to["repository"] == f"{ORGANIZATION}/ledger"
    assert not house.head("issues", "id", moved_to["id"])[0]

    cleared, archived, removed = (
        house.head("project_items", "fullDatabaseId", str(github_id("item", one.id)))
        for one in (day.cleared, day.archived, day.removed)
    )
    assert not cleared[0]
    assert "Points" not in [one["field"]["name"] for one in cleared[1]["fieldValues"]]
    assert (archived[0], archived[1]["isArchived"]) == (False, True)
    assert removed[0]

    atlas = house.head("repositories", "name", "atlas")
    assert atlas[0]
    assert fates[str(atlas[1]["id"])] == "unreadable"
    # Its issues were not read, so nothing is said of them.
    assert house.one(
        "select bool_or(v.is_deleted) from landing.github__labels as v join raw_github.labels as r "
        "on r.load_id = v.content_load_id and r.record_key = v.record_key "
        "where v.superseded_by is null and r.record ->> 'repository_id' = %s",
        str(atlas[1]["id"]),
    ) in {None, False}


def _assert_rebased(house: House, pull: Any) -> None:
    """Its former commits are in the version before; GitHub has forgotten them."""
    first_commits = house.connection.execute(
        "select record #>> '{commits,nodes,0,commit,oid}' from raw_github.pull_requests "
        "where record ->> 'fullDatabaseId' = %s order by load_id",
        [str(github_id("pull", pull.pull.id))],
    ).fetchall()
    (before,), (after,) = first_commits
    assert after == pull.pull.commits[0].sha != before


@pytest.fixture
def small(house: House) -> Callable[..., Account]:
    """Observes one small repository."""

    def observe(**more: Any) -> Account:
        wanted = {"github_organizations": "", "github_repositories": f"{ORGANIZATION}/atlas"}
        return house.observe(**(wanted | more))

    return observe


def test_what_does_not_exist_is_named_and_the_others_go_on(
    house: House, small: Callable[..., Account]
) -> None:
    account = small(
        github_organizations="nobody-here", github_repositories=f"{ORGANIZATION}/atlas,{ORGANIZATION}/no"
    )
    failed = account.named("failed")
    assert set(failed) == {"nobody-here", f"{ORGANIZATION}/no"}
    assert all("does not exist, or the token may not see it" in reason for reason in failed.values())
    assert house.versions()["issues"] > 0
    assert (
        house.one(
            "select record ->> 'outcome' from raw_github.observations where record ->> 'name' = %s",
            "nobody-here",
        )
        == "failed"
    )


def test_a_limit_that_is_used_up_stops_cleanly_and_the_next_run_goes_on(
    house: House, small: Callable[..., Account]
) -> None:
    house.server.limits.limit["core"] = 6
    account = small()
    assert account.named("failed") == {}
    assert account.named("stopped")
    assert house.versions()["repositories"] == 1  # what was read is archived, and has landed
    core = next(one for one in account.quotas if one.resource == "core")
    assert (core.limit, core.remaining) == (6, 0)
    house.server.limits.limit["core"] = 5000
    account = small()
    assert account.named("stopped") == {}
    assert account.named("failed") == {}
    whole = house.versions()
    assert whole["issues"] == len(open_issues(house.world.company, "atlas"))
    assert small().named("failed") == {}
    assert house.versions() == whole


def test_what_never_adds_up_is_said_until_it_does(
    house: House, small: Callable[..., Account], monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = reading_issues.counted
    with monkeypatch.context() as patched:
        patched.setattr(reading_issues, "counted", lambda *asked: counted(*asked) + 1)
        small()
    # Labels add up now; issues are not counted again before tomorrow's sweep.
    account = small()
    name, count = f"{ORGANIZATION}/atlas", len(open_issues(house.world.company, "atlas"))
    reason = "issues may lack rows, so nothing is taken for gone: "
    reason += f"GitHub counts {count + 1} and shows {count}."
    assert (account.named("uncertain"), account.named("failed")) == ({name: reason}, {})
    check = _every_place_observed(account)
    assert (check.passed, check.severity) == (False, AssetCheckSeverity.WARN)
    assert cli_github.read(house.connection)["places"] == [
        {"place": f"repository {name}", "outcome": "uncertain", "reasons": [reason]}
    ]
    house.world.set_clock(BEGAN_AT + timedelta(hours=25))
    account = small()
    assert account.named("uncertain") == {}
    assert _every_place_observed(account).passed


class Killed(BaseException):
    """Nobody catches it."""


def test_a_kill_loses_nothing_of_what_became_of_an_issue(
    house: House, small: Callable[..., Account], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once its tombstone is archived, no sweep would ask for it again."""
    small()
    deleted = open_issues(house.world.company, "atlas")[0]
    house.world.change(lambda company: issues.delete(company, deleted))
    house.world.set_clock(BEGAN_AT + timedelta(hours=25))
    put = Extractor.put

    def put_and_die(self: Extractor, stream: str, *arguments: Any, **more: Any) -> None:
        put(self, stream, *arguments, **more)
        if stream == "issues":
            raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(Extractor, "put", put_and_die)
        with pytest.raises(Killed):
            small()
    assert small().named("failed") == {}
    key = str(github_id("issue", deleted.id))
    assert house.head("issues", "id", key)[0]
    assert house.head("disappearances", "id", key)[1]["fate"] == "deleted"


def test_a_reset_is_waited_for_by_the_vendors_clock(house: House, small: Callable[..., Account]) -> None:
    """The company lives in another year than we do; its hour is over in a second all the same."""
    house.server.limits.use_up("core", resets_in_seconds=1)
    account = small(github_wait=9)
    assert (account.named("stopped"), account.named("failed")) == ({}, {})
    core = next(one for one in account.quotas if one.resource == "core")
    assert core.resets_at.year == BEGAN_AT.year


def accounts_in(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Each account in a record: its path, and which kind it is."""
    if isinstance(value, dict):
        if "login" in value:
            yield path, str(value.get("type") or value.get("__typename") or "User")
        for name, one in value.items():
            yield from accounts_in(one, f"{path}.{name}".lstrip("."))
    elif isinstance(value, list):
        for one in value:
            yield from accounts_in(one, path)


def _assert_every_account_is_called_personal(house: House) -> None:
    """Else an erasure would not know it: a contract may tell less than GitHub sends."""
    unknown, known = set(), set()
    for name, stream in house.installation.contracts["github"].streams.items():
        personal = {field.path.replace("[]", "") for field in stream.personal_fields}
        for (record,) in house.connection.execute(f"select record from raw_github.{name}").fetchall():
            for path, kind in accounts_in(record):
                where = f"{path}.login".lstrip(".")
                if kind != "Organization":
                    (known if where in personal else unknown).add(f"{name}: {where}")
    assert unknown == set()
    assert len(known) > 10
