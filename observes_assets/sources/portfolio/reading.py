"""Which portfolio is read, and what the warehouse remembers of the last one."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from psycopg import Connection

from observes_assets.installation import Installation
from observes_assets.settings import Settings
from observes_assets.sources.portfolio.default import REPOSITORIES, default_portfolio
from observes_assets.sources.portfolio.streams import portfolio_stream
from observes_assets.version import PACKAGE


def current_record(connection: Connection) -> tuple[dict[str, Any], datetime] | None:
    """The portfolio as landed last, and the end of its extraction (UTC)."""
    return connection.execute(
        """
        select r.record, l.extracted_until
        from landing.portfolio__portfolio as v
        join raw_portfolio.portfolio as r on r.load_id = v.content_load_id and r.record_key = v.record_key
        join landing.loads as l on l.load_id = v.load_id
        where v.superseded_by is null and not v.is_deleted
        """
    ).fetchone()


def read(installation: Installation, connection: Connection) -> Iterator[dict[str, Any]]:
    """The record that the portfolio file says now; the default portfolio is made if none is named."""
    path = installation.settings.portfolio or _default(installation.settings)
    landed = current_record(connection)
    return portfolio_stream(path, landed[0] if landed else None)


def _default(settings: Settings) -> Path:
    """The default portfolio; in a sandbox, with what its company has committed up to its clock."""
    path = default_portfolio(settings.home, PACKAGE.parent, has_company=settings.is_sandbox)
    if settings.is_sandbox:
        from observes_assets.sandbox.history import keep_repositories  # noqa: PLC0415 - the whole company
        from observes_assets.sandbox.vendors import clock, world_at  # noqa: PLC0415 - brings the servers along

        keep_repositories(path.parent / REPOSITORIES, clock(settings), world_at)
    return path
