"""Which portfolio is read, and what the warehouse remembers of the last one."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from psycopg import Connection

from observes_assets.installation import Installation
from observes_assets.sources.portfolio.default import default_portfolio
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
    path = installation.settings.portfolio or default_portfolio(installation.settings.home, PACKAGE.parent)
    landed = current_record(connection)
    return portfolio_stream(path, landed[0] if landed else None)
