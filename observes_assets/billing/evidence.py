"""Reads what explains a person's bills: who goes by a name or an e-mail, and every commit of theirs.

Call everything here inside ``facts.one_moment``.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from psycopg import Connection

from observes_assets.billing.facts import mart
from observes_assets.billing.records import Rule


@dataclass(frozen=True)
class Identity:
    """One person: the e-mail after the mailmap in lower case, and every name seen with it."""

    email: str
    names: tuple[str, ...]


@dataclass(frozen=True)
class Commit:
    """One commit of a person on one branch.

    Args:
        counts_in: groups and months in which it counts.
        owners: groups that list the repository and branch now.
        first_commit: where the same work was first seen in the organization, with its repository.
        is_first_history: whether it was history there.
    """

    organization: str
    repository: str
    branch: str
    sha: str
    authored_at: datetime
    committed_at: datetime
    seen_at: datetime
    is_history: bool
    is_merge: bool
    is_reachable: bool
    first_seen_at: datetime
    is_first_history: bool
    first_repository: str
    first_commit: str
    owners: tuple[str, ...]
    counts_in: tuple[tuple[str, date], ...]


_PEOPLE = """
    with mailmap as (
        select content.record ->> 'mailmap_sha256' as sha256
        from landing.releases as shown
        inner join landing.portfolio__portfolio as version
            on version.load_id <= shown.as_of
            and (version.superseded_by is null or version.superseded_by > shown.as_of)
        inner join raw_portfolio.portfolio as content
            on content.load_id = version.content_load_id
            and content.record_key = version.record_key
        where shown.release_number = %(release)s
    ),

    people as (
        select
            lower(canonical_email) as email,
            array_agg(distinct canonical_name) || array_agg(distinct author_name) as names,
            array_agg(distinct lower(author_email)) as emails
        from landing.identities
        where mailmap_sha256 in (select sha256 from mailmap)
        group by lower(canonical_email)
    )

    select email, array(select distinct unnest(names) order by 1),
        email = lower(%(person)s) or lower(%(person)s) = any(emails) as is_by_email
    from people
    where
        (
            email = lower(%(person)s) or lower(%(person)s) = any(emails)
            or exists (select 1 from unnest(names) as name where lower(name) = lower(%(person)s))
        )
        and landing.pseudonym(email) in (select author_id from {mart}.commits)
    order by email
"""


def find_people(conn: Connection[Any], release: int, person: str) -> list[Identity]:
    """Everybody with that e-mail address or name, under the mailmap of the release.

    Args:
        person: compared without case with addresses (if it has an '@' and somebody has it), else with names;
            as commits carry them, and after the mailmap.
    """
    rows = conn.execute(
        mart(
            release,
            _PEOPLE,
        ),
        {"release": release, "person": person.strip()},
    ).fetchall()
    by_email = [row for row in rows if row[2]]
    return [Identity(email, tuple(names)) for email, names, _ in by_email or rows]


def read_billable_months(conn: Connection[Any], release: int, rule: Rule, email: str) -> list[date]:
    """Months in which a person has commits that count, before bots and the minimum are applied."""
    rows = conn.execute(
        mart(
            release,
            """
            select distinct month_on from {mart}.billable_authors
            where rule = %s and author_email = %s
            order by month_on
            """,
        ),
        [rule, email],
    )
    return [row[0] for row in rows]


_COMMITS = """
    with mine as (
        select * from {mart}.commits where author_id = landing.pseudonym(%(email)s)
    ),

    firsts as (
        select distinct on (organization_name, fingerprint)
            organization_name, fingerprint, seen_at as first_seen_at,
            is_history as is_first_history, repository_nickname as first_repository,
            commit_sha as first_commit
        from {mart}.commits
        where (organization_name, fingerprint) in (select organization_name, fingerprint from mine)
        order by organization_name, fingerprint, seen_at, is_history desc, authored_at, commit_sha,
            repository_id, branch
    ),

    owners as (
        select repository_id, branch, array_agg(distinct group_name) as groups
        from {mart}.repositories
        group by repository_id, branch
    ),

    counted as (
        select repository_id, branch, commit_sha,
            array_agg(group_name order by group_name) as groups,
            array_agg(month_on order by group_name) as months
        from {mart}.billed_commits
        where rule = %(rule)s and author_email = %(email)s
        group by repository_id, branch, commit_sha
    )

    select mine.organization_name, mine.repository_nickname, mine.branch, mine.commit_sha,
        mine.authored_at, mine.committed_at, mine.seen_at, mine.is_history, mine.is_merge,
        mine.is_reachable, firsts.first_seen_at, firsts.is_first_history, firsts.first_repository,
        firsts.first_commit, coalesce(owners.groups, '{{}}'), coalesce(counted.groups, '{{}}'),
        coalesce(counted.months, '{{}}')
    from mine
    inner join firsts using (organization_name, fingerprint)
    left join owners using (repository_id, branch)
    left join counted using (repository_id, branch, commit_sha)
    order by mine.seen_at, mine.committed_at, mine.commit_sha, mine.repository_id, mine.branch
"""


def read_commits(conn: Connection[Any], release: int, rule: Rule, email: str) -> list[Commit]:
    """All commits of a person, oldest observation first."""
    rows = conn.execute(
        mart(
            release,
            _COMMITS,
        ),
        {"email": email, "rule": rule},
    )
    return [_commit(row) for row in rows]


def _commit(row: tuple[Any, ...]) -> Commit:
    *plain, owners, groups, months = row
    values = [*plain, tuple(owners), tuple(zip(groups, months, strict=True))]
    return Commit(*values)
