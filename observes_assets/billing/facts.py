"""Reads the facts of bills from the marts of one release.

Every function expects to run in a REPEATABLE READ transaction, so that all facts are of one moment:
open it with ``one_moment``.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, LiteralString

from psycopg import Connection, sql
from psycopg.rows import class_row

from observes_assets.billing.calendar import month_end
from observes_assets.billing.records import AuthorFact, BillingSettings, MonthFacts, Stop, Terms
from observes_assets.errors import IntegrityError


@contextmanager
def one_moment(connection: Connection[Any]) -> Iterator[None]:
    """A transaction in which every read sees the same moment. The connection must be idle."""
    with connection.transaction():
        connection.execute("set transaction isolation level repeatable read, read only")
        yield


def mart(release: int, text: LiteralString) -> sql.Composed:
    """SQL in which ``{mart}`` stands for the schema of a release."""
    return sql.SQL(text).format(mart=sql.Identifier(f"release_{release}"))


def read_settings(connection: Connection[Any], release: int) -> BillingSettings:
    """The portfolio's billing settings.

    Raises:
        IntegrityError: the release was built before any portfolio had landed.
    """
    row = connection.execute(
        mart(
            release,
            """
            select rule, bots, bot_names, minimum_commits, time_zone, close_day
            from {mart}.billing_settings
            """,
        )
    ).fetchone()
    if row is None:
        raise IntegrityError(f"Release {release} has no portfolio.", "Run `observes run`.")
    rule, bots, bot_names, minimum_commits, time_zone, close_day = row
    return BillingSettings(rule, bots, tuple(bot_names or ()), minimum_commits, time_zone, close_day)


def read_terms(connection: Connection[Any], release: int) -> tuple[Terms, ...]:
    """What each group pays, all spans."""
    with connection.cursor(row_factory=class_row(Terms)) as cursor:
        cursor.execute(
            mart(
                release,
                """
                select organization_name as organization, group_name as "group", plan, author_amount,
                    base_amount, currency, valid_from, valid_until
                from {mart}.group_terms
                order by organization_name, group_name, valid_from
                """,
            )
        )
        return tuple(cursor)


def read_authors(connection: Connection[Any], release: int, rule: str, month: date) -> tuple[AuthorFact, ...]:
    """The authors of all groups in a month under a rule, before bots and the minimum are applied."""
    with connection.cursor(row_factory=class_row(AuthorFact)) as cursor:
        cursor.execute(
            mart(
                release,
                """
                select organization_name as organization, group_name as "group", author_email as email,
                    author_name as name, repository_nickname as repository, commit_sha as commit,
                    organization_commit_count
                from {mart}.billable_authors
                where rule = %s and month_on = %s
                order by organization_name, group_name, author_email
                """,
            ),
            [rule, month],
        )
        return tuple(cursor)


@dataclass(frozen=True)
class Facts:
    """What the bills of all months share, read once.

    Args:
        first_load_at: extraction end of the first load of git or the portfolio.
        first_observed_at: extraction end of the first observation of a repository, None before it.
        stops: organizations whose bills can't be made now.
    """

    release: int
    settings: BillingSettings
    terms: tuple[Terms, ...]
    first_load_at: datetime | None
    first_observed_at: datetime | None
    stops: tuple[Stop, ...]

    def of_month(
        self, connection: Connection[Any], month: date, settings: BillingSettings | None = None
    ) -> MonthFacts:
        """The facts of one month.

        Args:
            settings: those to go by, if not the portfolio's newest (a closed month keeps its own).
        """
        settings = settings or self.settings
        ends_at = month_end(month, settings.time_zone)
        return MonthFacts(
            month=month,
            release=self.release,
            settings=settings,
            ends_at=ends_at,
            is_observed=self.first_observed_at is not None and self.first_observed_at < ends_at,
            terms=self.terms,
            authors=read_authors(connection, self.release, settings.rule, month),
            stops=self.stops,
        )
