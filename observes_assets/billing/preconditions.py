"""What must hold before bills are written, and before a month is closed.

Everything here is read in the same transaction as the facts. A repository counts as observed when its newest
observation landed with outcome ok or empty. A batch of git or the portfolio that waits (pending, refused, or
accepted and not landed yet) stops the bills of the organization that it concerns: what it carries could make
them larger.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection

from observes_assets.billing.facts import Facts, mart, read_settings, read_terms
from observes_assets.billing.records import Stop, Terms
from observes_assets.errors import PublishRefusedError
from observes_assets.warehouse import gate

BILL = "bill"
"""The exposure of dbt that stands for bills; its meta may say ``required_fresh``."""


@dataclass(frozen=True)
class Repository:
    """One repository entry of the newest portfolio version, and how its newest observation went."""

    organization: str
    group: str
    nickname: str
    repository_id: str
    outcome: str
    reason: str | None
    outcome_since: datetime | None
    observed_until: datetime | None

    @property
    def title(self) -> str:
        """What messages call it."""
        return f"{self.organization}/{self.group}/{self.nickname}"

    @property
    def is_good(self) -> bool:
        """Whether the newest observation succeeded."""
        return self.outcome in {"ok", "empty"}


@dataclass(frozen=True)
class WaitingBatch:
    """A batch that has not landed.

    Args:
        organization: whom it concerns; None for everybody.
        good_until: extraction end of the last load of its scope.
    """

    title: str
    state: str
    organization: str | None
    good_until: datetime | None


@dataclass(frozen=True)
class Moment:
    """One release on show with everything that decides whether bills may be written from it."""

    facts: Facts
    repositories: tuple[Repository, ...]
    waiting: tuple[WaitingBatch, ...]

    def missing_for_close(self, ends_at: datetime) -> tuple[str, ...]:
        """What a month that ended at ``ends_at`` lacks for being closed."""
        unobserved = [
            f"repository {repository.title} was not observed after the month's end"
            for repository in self.repositories
            if not repository.is_good
            or repository.observed_until is None
            or repository.observed_until < ends_at
        ]
        return tuple(unobserved + [f"{batch.title} is {batch.state}" for batch in self.waiting])


def read_release_on_show(connection: Connection[Any]) -> tuple[int, int] | None:
    """Number and as-of of the release on show."""
    return connection.execute(
        "select release_number, as_of from landing.releases where is_on_show"
    ).fetchone()


def is_behind(connection: Connection[Any], as_of: int) -> bool:
    """Whether something landed after the release's as-of that could change a bill."""
    row = connection.execute(
        """
        select exists (
            select 1 from landing.loads
            where load_id > %s and source in ('git', 'portfolio')
                and (records_written > 0 or records_deleted > 0)
        )
        """,
        [as_of],
    ).fetchone()
    return row is not None and bool(row[0])


def build_not_on_show(connection: Connection[Any], as_of: int) -> str | None:
    """Why the newest build is not what readers see: its checks failed, or it was refused, or interrupted.

    Bills wait for a release that passes, whoever asks for them alone; None if all is well.

    Args:
        as_of: of the release on show.
    """
    row = connection.execute("select state, reason from landing.build").fetchone()
    assert row is not None
    state, reason = row
    if state not in {"none", "published"}:
        return f"The newest build is not published: {reason or 'nobody has published it yet'}."
    required = gate.read(connection)
    try:
        gate.require_fresh(required, gate.stale_streams(connection, required, as_of), [BILL])
    except PublishRefusedError as refused:
        return refused.message
    return None


def read_moment(connection: Connection[Any], release: int) -> Moment:
    """Read all that the bills of a release share. Call it inside ``one_moment``."""
    terms = read_terms(connection, release)
    repositories = _repositories(connection, release)
    waiting = _waiting(connection, release, repositories)
    first_load_at, first_observed_at = _first_loads(connection)
    facts = Facts(
        release=release,
        settings=read_settings(connection, release),
        terms=terms,
        first_load_at=first_load_at,
        first_observed_at=first_observed_at,
        stops=_stops(repositories, waiting, terms),
    )
    return Moment(facts, repositories, waiting)


def _repositories(connection: Connection[Any], release: int) -> tuple[Repository, ...]:
    # A stream may be scoped by nothing, repository, or repository and branch: the newest load of each
    # possible scope is found by index, whichever scope the contract names.
    rows = connection.execute(
        mart(
            release,
            """
            select r.organization_name, r.group_name, r.nickname, r.repository_id, r.outcome, r.reason,
                r.outcome_since, max(newest.extracted_until)
            from {mart}.repositories as r
            cross join lateral (values
                ('{{}}'::jsonb), (jsonb_build_object('repository_id', r.repository_id)),
                (jsonb_build_object('repository_id', r.repository_id, 'branch', r.branch))
            ) as possible (scope)
            left join lateral (
                select l.extracted_until from landing.loads as l
                where l.source = 'git' and l.stream = 'observations' and l.scope = possible.scope
                order by l.batch desc limit 1
            ) as newest on true
            group by r.organization_name, r.group_name, r.nickname, r.repository_id, r.outcome, r.reason,
                r.outcome_since
            order by r.organization_name, r.group_name, r.nickname
            """,
        )
    )
    return tuple(Repository(*row) for row in rows)


def _waiting(
    connection: Connection[Any], release: int, repositories: Sequence[Repository]
) -> tuple[WaitingBatch, ...]:
    rows = connection.execute(
        """
        select b.source, b.stream, b.batch, b.scope ->> 'repository_id', b.state, newest.extracted_until
        from landing.batches as b
        left join lateral (
            select l.extracted_until from landing.loads as l
            where l.source = b.source and l.stream = b.stream and l.scope = b.scope
            order by l.batch desc limit 1
        ) as newest on true
        where b.source in ('git', 'portfolio') and b.state in ('pending', 'refused', 'accepted')
        order by b.source, b.stream, b.batch
        """
    ).fetchall()
    if not rows:
        return ()
    owners = {repository.repository_id: repository.organization for repository in repositories}
    strangers = [row[3] for row in rows if row[3] and row[3] not in owners]
    owners |= _former_owners(connection, release, strangers)
    return tuple(
        WaitingBatch(
            f"batch {batch} of {source}/{stream}",
            "accepted, but not landed" if state == "accepted" else state,
            owners.get(repository_id),
            good_until,
        )
        for source, stream, batch, repository_id, state, good_until in rows
    )


def _former_owners(
    connection: Connection[Any], release: int, repository_ids: Sequence[str]
) -> dict[str, str]:
    """Organizations of repositories that have left the portfolio."""
    rows = connection.execute(
        mart(
            release,
            """
            select distinct repository_id, organization_name from {mart}.commits
            where repository_id = any(%s)
            """,
        ),
        [list(repository_ids)],
    )
    return dict(rows.fetchall())


def _first_loads(connection: Connection[Any]) -> tuple[datetime | None, datetime | None]:
    """Extraction ends of the first load of git or the portfolio, and of the first good observation."""
    # What was observed once stays observed: an empty repository has no commits that would say so, and its
    # newest outcome may be younger than its first.
    row = connection.execute(
        """
        select min(extracted_until), least(
            min(extracted_until) filter (where source = 'git' and stream = 'commits'),
            (
                select min(l.extracted_until)
                from raw_git.observations as r join landing.loads as l using (load_id)
                where r.record ->> 'outcome' in ('ok', 'empty')
            )
        )
        from landing.loads
        where is_first and source in ('git', 'portfolio')
        """
    ).fetchone()
    assert row is not None
    return row[0], row[1]


def _stops(
    repositories: Sequence[Repository], waiting: Sequence[WaitingBatch], terms: Sequence[Terms]
) -> tuple[Stop, ...]:
    """One stop for each organization with something wrong: since the earliest of its troubles."""
    troubles: dict[str, list[tuple[datetime | None, str]]] = {}
    for repository in repositories:
        if not repository.is_good:
            title = f"repository {repository.group}/{repository.nickname}"
            why = f"{title} failed: {repository.reason or 'no reason given'}"
            if repository.outcome == "never":
                why = f"{title} was never observed"
            troubles.setdefault(repository.organization, []).append((repository.outcome_since, why))
    everybody = {term.organization for term in terms}
    for batch in waiting:
        for organization in {batch.organization} if batch.organization else everybody:
            troubles.setdefault(organization, []).append(
                (batch.good_until, f"{batch.title} is {batch.state}")
            )
    return tuple(
        Stop(
            organization,
            min((since for since, _ in causes if since), default=None),
            "; ".join(sorted(why for _, why in causes)),
        )
        for organization, causes in sorted(troubles.items())
    )
