"""A release with billing's marts, filled by hand, beside a real ledger and a real bucket."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from observes_assets.billing import BillsOutcome, bills_due, write_bills
from observes_assets.bucket import Bucket, open_bucket
from observes_assets.postgres.connect import connect
from observes_assets.postgres.migrate import migrate

MARTS = """
create schema {schema};
set local search_path = {schema};
create table billing_settings (
    name text, rule text, bots text, bot_names text[], minimum_commits integer, time_zone text,
    close_day integer
);
create table group_terms (
    organization_name text, group_name text, plan text, author_amount numeric, base_amount numeric,
    currency text, valid_from timestamptz, valid_until timestamptz
);
create table repositories (
    organization_name text, group_name text, nickname text, repository_id text, branch text, outcome text,
    reason text, outcome_since timestamptz, first_observed_at timestamptz
);
create table billable_authors (
    rule text, month_on date, organization_name text, group_name text, author_email text, author_name text,
    repository_nickname text, commit_sha text, seen_at timestamptz, authored_at timestamptz,
    committed_at timestamptz, commit_count bigint, organization_commit_count bigint
);
create table billed_commits (
    rule text, month_on date, organization_name text, group_name text, author_email text, author_name text,
    repository_id text, repository_nickname text, branch text, commit_sha text, fingerprint text,
    seen_at timestamptz, authored_at timestamptz, committed_at timestamptz, is_proof boolean
);
create table commits (
    repository_id text, branch text, commit_sha text, organization_name text, repository_nickname text,
    fingerprint text, author_id text, authored_at timestamptz, committed_at timestamptz, seen_at timestamptz,
    is_history boolean, is_merge boolean, is_reachable boolean, insertions bigint, deletions bigint,
    file_count bigint
);
"""
BEGIN = datetime(2024, 5, 10, 8, tzinfo=UTC)


@dataclass
class Office:
    """A database with one release on show, and a bucket."""

    connection: psycopg.Connection[Any]
    bucket: Bucket
    release: int = 0
    loads: int = 0
    batches: dict[tuple[str, str], int] = field(default_factory=dict)

    def publish(self) -> None:
        """Put a release on show: the marts of the one before, as of the newest load."""
        before, self.release = self.release, self.release + 1
        with self.connection.transaction():
            self.connection.execute(MARTS.format(schema=f"release_{self.release}"))
            for mart in ("billing_settings", "group_terms", "repositories", "billable_authors"):
                if before:
                    self.connection.execute(
                        f"insert into release_{self.release}.{mart} select * from release_{before}.{mart}"
                    )
            self.connection.execute("update landing.releases set is_on_show = false")
            self.connection.execute(
                """
                insert into landing.releases (
                    release_number, state, is_on_show, as_of, inputs_sha256, record, published_at
                ) values (%s, 'published', true, %s, '', '{}', now())
                """,
                [self.release, self.loads],
            )

    def load(
        self, stream: str, until: datetime, scope: dict[str, str] | None = None, *, written: int = 0
    ) -> None:
        """A landed batch of git or the portfolio; nothing written unless said."""
        source = "portfolio" if stream == "portfolio" else "git"
        self.loads += 1
        batch = self._batch(source, stream, scope or {}, "landed")
        self.connection.execute(
            """
            insert into landing.loads values (
                %(load)s, %(source)s, %(stream)s, %(batch)s, %(scope)s, 'complete', %(is_first)s, %(until)s,
                %(until)s, 1, %(written)s, 0, 0, 0, 1, '', '', '', %(until)s, %(until)s
            )
            """,
            {
                "load": self.loads,
                "source": source,
                "stream": stream,
                "batch": batch,
                "scope": Jsonb(scope or {}),
                "is_first": not self._has_loads(source, stream, scope or {}),
                "until": until,
                "written": written,
            },
        )

    def wait(self, stream: str, state: str, scope: dict[str, str] | None = None) -> int:
        """A batch that hasn't landed."""
        return self._batch("portfolio" if stream == "portfolio" else "git", stream, scope or {}, state)

    def observe(self, until: datetime, repository_id: str = "r1", outcome: str = "ok") -> None:
        """An observation of a repository that wrote nothing new."""
        self.load("observations", until, {"repository_id": repository_id, "branch": "main"})
        self.set("repositories", "outcome = %s", outcome, f"repository_id = '{repository_id}'")

    def _batch(self, source: str, stream: str, scope: dict[str, str], state: str) -> int:
        number = self.batches[source, stream] = self.batches.get((source, stream), 0) + 1
        self.connection.execute(
            "insert into landing.batches values (%s, %s, %s, %s, %s, '{}')",
            [source, stream, number, Jsonb(scope), state],
        )
        return number

    def _has_loads(self, source: str, stream: str, scope: dict[str, str]) -> bool:
        row = self.connection.execute(
            "select exists (select from landing.loads where (source, stream, scope) = (%s, %s, %s))",
            [source, stream, Jsonb(scope)],
        ).fetchone()
        return bool(row and row[0])

    def put(self, mart: str, **values: Any) -> None:
        """Insert a row into a mart of the release on show."""
        columns = ", ".join(values)
        places = ", ".join(["%s"] * len(values))
        self.connection.execute(
            f"insert into release_{self.release}.{mart} ({columns}) values ({places})", list(values.values())
        )

    def set(self, mart: str, change: str, value: Any, where: str = "true") -> None:
        """Update a mart of the release on show."""
        self.connection.execute(f"update release_{self.release}.{mart} set {change} where {where}", [value])

    def remove(self, mart: str, where: str = "true") -> None:
        """Delete rows of a mart of the release on show."""
        self.connection.execute(f"delete from release_{self.release}.{mart} where {where}")

    def group(self, organization: str, group: str, price: str = "99.00", repository_id: str = "r1") -> None:
        """A group with one repository, observed when everything began."""
        self.put(
            "group_terms",
            organization_name=organization,
            group_name=group,
            plan="squad",
            author_amount=price,
            base_amount="0.00",
            currency="USD",
            valid_from=BEGIN,
        )
        self.put(
            "repositories",
            organization_name=organization,
            group_name=group,
            nickname="web",
            repository_id=repository_id,
            branch="main",
            outcome="ok",
            outcome_since=BEGIN,
            first_observed_at=BEGIN,
        )

    def author(
        self,
        group: str,
        email: str = "ana@acme.test",
        *,
        month: date = date(2024, 5, 1),
        organization: str = "acme",
        rule: str = "observed",
        count: int = 1,
    ) -> None:
        """An author of a group and month."""
        self.put(
            "billable_authors",
            rule=rule,
            month_on=month,
            organization_name=organization,
            group_name=group,
            author_email=email,
            author_name=email.partition("@")[0].title(),
            repository_nickname="web",
            commit_sha="a" * 40,
            seen_at=BEGIN,
            authored_at=BEGIN,
            committed_at=BEGIN,
            commit_count=count,
            organization_commit_count=count,
        )

    def write(self, now: datetime, code_version: str = "c1") -> BillsOutcome:
        """Write the bills; what is due beforehand must be what is done, and nothing is due afterwards."""
        due = bills_due(self.connection, self.bucket, now=now)
        outcome = write_bills(self.connection, self.bucket, now=now, code_version=code_version)
        assert due == bool(outcome.changed)
        assert not bills_due(self.connection, self.bucket, now=now)
        return outcome

    def files(self, prefix: str = "bills/") -> dict[str, bytes]:
        """What the bucket holds."""
        return {name: self.bucket.get(name) for name in self.bucket.names(prefix)}


@pytest.fixture
def office(database_url: str, tmp_path: Path) -> Iterator[Office]:
    """acme with groups storefront and backend, zeta with group mobile; all observed once, on 10 May."""
    connection = connect(database_url, application_name="test", autocommit=True)
    migrate(connection)
    connection.execute(
        "create schema raw_git create table observations (load_id bigint, record_key text, record jsonb)"
    )
    office = Office(connection, open_bucket(str(tmp_path / "bucket")))
    office.publish()
    office.load("portfolio", BEGIN, written=1)
    for organization, group, repository_id in (
        ("acme", "storefront", "r1"),
        ("acme", "backend", "r2"),
        ("zeta", "mobile", "r3"),
    ):
        office.group(organization, group, repository_id=repository_id)
        scope = {"repository_id": repository_id, "branch": "main"}
        office.load("commits", BEGIN, scope, written=1)
        office.load("observations", BEGIN, scope, written=1)
    office.put(
        "billing_settings",
        name="portfolio",
        rule="observed",
        bots="count",
        bot_names=[],
        minimum_commits=1,
        time_zone="UTC",
        close_day=3,
    )
    connection.execute("update landing.releases set as_of = %s", [office.loads])
    yield office
    connection.close()
