"""One real dbt build in a real Postgres of a company that fits on a page; its bill is checked by hand."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg

from tests.integration.dbt.broken import assert_each_test_can_fail
from tests.integration.dbt.dbt_runs import begin_build, build, dbt, mart_hashes
from tests.integration.dbt.landed import Landed, commit, observation, portfolio, repository

ANN = ("Ann", "ann@acme.example")
BOB = ("bob", "BOB@acme.example")
BOB_ON_GITHUB = ("bobby", "4711+Bobby@users.noreply.github.com")
CID = ("Cid", "cid@acme.example")
MAILMAP = "m" * 64
DOCS = "d" * 64
FEBRUARY, MARCH = date(2024, 2, 1), date(2024, 3, 1)
Rows = Callable[..., list[tuple[Any, ...]]]


def main_of(repository_id: str) -> dict[str, str]:
    return {"repository_id": repository_id, "branch": "main"}


def small_company(landed: Landed) -> None:
    """Acme: web moves from store to desk on 15 February, when api joins store and the price rises.

    Globex has a copy of Acme's first new commit, as history.
    """
    lab = repository("r9", "lab", "copies", organization="globex")
    web = repository("r1", "store", "web", ignore_sha256=DOCS)
    moved = repository("r1", "desk", "site", ignore_sha256=DOCS)
    api = repository("r2", "store", "api")
    land = landed.land
    land("portfolio/portfolio", "2024-01-01T00:00:00Z", [portfolio([web, lab])])
    land(
        "git/commits",
        "2024-01-02T00:00:00Z",
        [commit("r1", "h1", "2023-12-05T10:00:00+01:00")],
        scope=main_of("r1"),
    )
    land(
        "git/commits",
        "2024-01-02T00:10:00Z",
        [commit("r9", "g1", "2024-02-05T00:00:00+00:00", author=ANN, fingerprint="f-n1")],
        scope=main_of("r9"),
    )
    land(
        "git/commits",
        "2024-02-10T00:00:00Z",
        [
            commit("r1", "n1", "2024-02-05T00:00:00+00:00", author=ANN),
            commit("r1", "n2", "2024-01-31T23:00:00-05:00", author=BOB),
            commit("r1", "m1", "2024-02-06T00:00:00+00:00", author=CID, parents=["n1", "n2"]),
            commit("r1", "d1", "2024-02-07T00:00:00+00:00", author=CID),
        ],
        scope=main_of("r1"),
    )
    land(
        "portfolio/portfolio",
        "2024-02-15T00:00:00Z",
        [portfolio([moved, api, lab], author_price="120.00", mailmap_sha256=MAILMAP)],
    )
    land(
        "git/commits",
        "2024-02-16T00:00:00Z",
        [
            commit("r2", "c1", "2024-02-05T00:00:00+00:00", author=ANN, fingerprint="f-n1"),
            commit("r2", "q1", "2024-01-01T00:00:00+00:00", author=CID),
        ],
        scope=main_of("r2"),
    )
    land(
        "git/commits",
        "2024-03-05T00:00:00Z",
        [
            commit("r1", "n3", "2024-03-04T00:00:00+00:00", author=BOB_ON_GITHUB),
            commit("r1", "n4", "2024-01-31T23:00:00-05:00", author=BOB, fingerprint="f-n2"),
        ],
        scope=main_of("r1"),
        gone=[("r1", "main", "n1")],
    )
    land(
        "git/observations",
        "2024-03-05T00:00:00Z",
        [observation("r1"), observation("r2", "failed", reason="gone")],
    )
    landed.answer(
        MAILMAP,
        people={BOB: ("Bob Stone", "bob@acme.example"), BOB_ON_GITHUB: ("Bob Stone", "Bob@Acme.example")},
        ignored={DOCS: {"h1": False, "n1": False, "n2": False, "d1": True, "n3": False, "n4": False}},
    )


def rows_of(connection: psycopg.Connection) -> Rows:
    return lambda query: connection.execute(query).fetchall()


def check_bill(rows: Rows) -> None:
    authors = (
        "select month_on, group_name, author_email, author_name, repository_nickname, commit_sha,"
        " commit_count, organization_commit_count from candidate.billable_authors where rule = '{}'"
        " order by 1, 2, 3"
    )
    # history (h1, g1, c1, q1), the merge m1, the ignored d1 and the late copy n4 bill nobody
    assert rows(authors.format("observed")) == [
        (FEBRUARY, "store", "ann@acme.example", "Ann", "web", "n1", 1, 1),
        (FEBRUARY, "store", "bob@acme.example", "Bob Stone", "web", "n2", 1, 1),
        (MARCH, "desk", "bob@acme.example", "Bob Stone", "site", "n3", 1, 1),
    ]
    # n2 was committed on 1 February UTC; its copy n4 belongs to desk, which owned r1 when it was seen;
    # c1 and n1 are one commit in two repositories of store, and c1 has the smaller hash
    assert rows(authors.format("committed")) == [
        (date(2023, 12, 1), "store", "ann@acme.example", "Ann", "web", "h1", 1, 1),
        (date(2024, 1, 1), "store", "cid@acme.example", "Cid", "api", "q1", 1, 1),
        (FEBRUARY, "desk", "bob@acme.example", "Bob Stone", "site", "n4", 1, 1),
        (FEBRUARY, "lab", "ann@acme.example", "Ann", "copies", "g1", 1, 1),
        (FEBRUARY, "store", "ann@acme.example", "Ann", "api", "c1", 1, 1),
        (FEBRUARY, "store", "bob@acme.example", "Bob Stone", "web", "n2", 1, 1),
        (MARCH, "desk", "bob@acme.example", "Bob Stone", "site", "n3", 1, 1),
    ]
    assert rows(
        "select group_name, author_amount, valid_from::date, valid_until::date from candidate.group_terms"
        " order by 1, 3"
    ) == [
        ("desk", Decimal("120.00"), date(2024, 2, 15), None),
        ("lab", Decimal("99.00"), date(2024, 1, 1), date(2024, 2, 15)),
        ("lab", Decimal("120.00"), date(2024, 2, 15), None),
        ("store", Decimal("99.00"), date(2024, 1, 1), date(2024, 2, 15)),
        ("store", Decimal("120.00"), date(2024, 2, 15), None),
    ]
    assert rows(
        "select rule, bots, bot_names, minimum_commits, time_zone, close_day from candidate.billing_settings"
    ) == [("observed", "count", ["*-robot"], 1, "UTC", 3)]


def check_marts(rows: Rows) -> None:
    assert rows(
        "select nickname, outcome, reason, first_observed_at::date from candidate.repositories order by 1"
    ) == [
        ("api", "failed", "gone", date(2024, 2, 16)),
        ("copies", "never", None, date(2024, 1, 2)),
        ("site", "ok", None, date(2024, 1, 2)),
    ]
    assert rows("select count(*), count(*) filter (where not is_reachable) from candidate.commits") == [
        (10, 1)
    ]
    assert rows(
        "select count(distinct author_id) from candidate.commits where organization_name = 'acme'"
    ) == [(3,)]
    # Who commits with the address that GitHub gave is the mailmap's person, and the account of its number.
    assert rows(
        "select author_id = landing.person_id('bob@acme.example'), github_account_pseudonym"
        " = landing.pseudonym('github account' || chr(10) || '4711') from candidate.accounts"
    ) == [(True, True)]
    assert rows(
        "select repository_nickname, week_on, commit_count, author_count from candidate.repository_weeks"
        " where repository_id = 'r1' order by week_on"
    ) == [
        ("site", date(2023, 12, 4), 1, 1),
        ("site", date(2024, 1, 29), 2, 1),
        ("site", date(2024, 2, 5), 1, 1),
        ("site", date(2024, 3, 4), 1, 1),
    ]


def check_privacy(connection: psycopg.Connection) -> None:
    """No table but the bill's two, and no view but git's answers, holds a name or an e-mail."""
    tables = connection.execute("select tablename from pg_tables where schemaname = 'candidate'").fetchall()
    for (table,) in tables:
        found = connection.execute(
            f"select count(*) from candidate.{table} as line where line::text ~* '@|stone|bobby'"
        ).fetchone()
        assert found is not None
        assert (found[0] > 0) == (table in {"billed_commits", "billable_authors"}), table
    views = connection.execute("select viewname from pg_views where schemaname = 'staging'").fetchall()
    for (view,) in views:
        query = f"select count(*) from staging.{view} as line where line::text ~* '@|stone|bobby|zoe'"
        found = connection.execute(query).fetchone()
        assert found is not None
        assert (found[0] > 0) == (view == "stg_landing__identities"), view


def test_a_small_company(warehouse: psycopg.Connection, database_url: str, target: Path) -> None:
    small_company(Landed(warehouse))
    first = build(warehouse, database_url, target, with_unit_tests=True)
    assert first.returncode == 0, first.stdout
    assert "WARN=0 ERROR=0 SKIP=0" in first.stdout
    check_bill(rows_of(warehouse))
    check_marts(rows_of(warehouse))
    check_privacy(warehouse)
    assert_each_test_can_fail(warehouse, target)
    hashes = mart_hashes(warehouse)

    # a rebuild: the same batches under other load ids, and the versions in another physical order
    for table in ("raw_git.commits", "raw_git.observations", "raw_portfolio.portfolio", "landing.loads"):
        warehouse.execute(f"truncate {table}")
    for table in (
        "git__commits",
        "git__observations",
        "portfolio__portfolio",
        "identities",
        "ignored_commits",
    ):
        warehouse.execute(f"truncate landing.{table}")
    small_company(Landed(warehouse, first_load_id=1000, step=7))
    warehouse.execute("create table turned as select * from raw_git.commits order by record_key desc")
    warehouse.execute("truncate raw_git.commits")
    warehouse.execute("insert into raw_git.commits select * from turned")
    second = build(warehouse, database_url, target)
    assert second.returncode == 0, second.stdout
    assert "Unable to do partial parsing" not in second.stdout
    assert mart_hashes(warehouse) == hashes


def test_an_empty_warehouse_and_then_a_portfolio_alone(
    warehouse: psycopg.Connection, database_url: str, target: Path
) -> None:
    built = build(warehouse, database_url, target)
    assert built.returncode == 0, built.stdout
    assert "WARN=0 ERROR=0 SKIP=0" in built.stdout
    assert rows_of(warehouse)("select count(*) from candidate.billing_settings") == [(0,)]
    entries = [repository("r1", "store", "web"), repository("r1", "desk", "web")]
    Landed(warehouse).land("portfolio/portfolio", "2024-01-01T00:00:00Z", [portfolio(entries)])
    built = build(warehouse, database_url, target)
    assert built.returncode == 0, built.stdout
    assert rows_of(warehouse)("select group_name, outcome from candidate.repositories order by 1") == [
        ("desk", "never"),
        ("store", "never"),
    ]


def test_a_commit_that_git_was_not_asked_about_stops_the_build(
    warehouse: psycopg.Connection, database_url: str, target: Path
) -> None:
    """Neither an unknown person nor an unjudged commit may silently count, or not count."""
    landed = Landed(warehouse)
    landed.land(
        "portfolio/portfolio",
        "2024-01-01T00:00:00Z",
        [portfolio([repository("r1", "store", "web", ignore_sha256=DOCS)])],
    )
    landed.land(
        "git/commits",
        "2024-01-02T00:00:00Z",
        [commit("r1", "h1", "2023-12-05T10:00:00Z")],
        scope=main_of("r1"),
    )
    landed.answer()
    unjudged = build(warehouse, database_url, target)
    assert unjudged.returncode == 1
    assert '"is_ignored" of relation "int_commits_owned__dbt_tmp" violates not-null' in unjudged.stdout
    warehouse.execute("truncate landing.identities")
    unknown = build(warehouse, database_url, target)
    assert '"author_id" of relation "int_commits_observed__dbt_tmp" violates not-null' in unknown.stdout


def test_a_dbt_that_no_build_waits_for_writes_nothing(
    warehouse: psycopg.Connection, database_url: str, target: Path
) -> None:
    begin_build(warehouse)
    refused = dbt("run", url=database_url, target=target, token="another")
    assert refused.returncode == 1
    assert "no build of Observes waits for this dbt" in refused.stdout
    made = "select count(*) from pg_class where relnamespace::regnamespace::text in ('staging', 'candidate')"
    assert rows_of(warehouse)(made) == [(0,)]
