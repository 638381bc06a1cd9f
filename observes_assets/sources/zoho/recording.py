"""Which exports we have asked Zoho for, and what became of them: in Postgres at once, in the bucket soon.

A row of ``landing.zoho_exports`` is committed as soon as Zoho has named an export, so that a kill costs
nothing; the bucket has it (``observes/exports``) before its results are fetched, so that a rebuild, or
another Postgres, goes on with it and does not pay again. No load touches either.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from psycopg import Connection
from psycopg.types.json import Jsonb

from observes_assets.extraction import Extractor
from observes_assets.installation import Installation
from observes_assets.sources.observes.recording import SOURCE, record
from observes_assets.sources.zoho.exports import CREDITS, Export, Page
from observes_assets.sources.zoho.streams import Span

STREAM = "exports"
LOCK = "zoho exports"
"""Held by whoever asks for exports or fetches them: two processes would pay twice."""
_COLUMNS = (
    "export_id, module, reading, is_sweep, span_number, span_count, modified_from, modified_until, "
    "page_number, page_token, try_number, created_at, state, result, ended_as"
)
_RESTORE = f"""
    insert into landing.zoho_exports ({_COLUMNS}, is_recorded)
    select one.export_id, one.module, one.reading, one.is_sweep, one.span_number, one.span_count,
        one.modified_from, one.modified_until, one.page_number, one.page_token, one.try_number,
        one.created_at, 'ADDED', null, one.ended_as, true
    from landing.observes__exports as v
    join raw_observes.exports as r on r.load_id = v.content_load_id and r.record_key = v.record_key
    cross join jsonb_to_record(r.record) as one (
        export_id text, module text, reading text, is_sweep boolean, span_number integer,
        span_count integer, modified_from timestamptz, modified_until timestamptz, page_number integer,
        page_token text, try_number integer, created_at timestamptz, ended_as text
    )
    where v.superseded_by is null
    -- In the order in which they were asked for: of one page's exports the last one counts.
    order by one.created_at, one.try_number, one.page_number
    on conflict do nothing
"""
_TIMES = ("modified_from", "modified_until", "created_at")


class Exports:
    """Exports of this installation. The connection must autocommit."""

    def __init__(self, installation: Installation, connection: Connection, run_id: str) -> None:
        self._installation = installation
        self._connection = connection
        self._run_id = run_id

    def restore(self) -> None:
        """Know again what the bucket knows: cheap when that is nothing new."""
        contract = self._installation.contracts[SOURCE]
        Extractor(self._connection, self._installation.archive, contract, self._run_id).land_waiting(STREAM)
        self._connection.execute(_RESTORE)

    def open_readings(self) -> dict[str, list[Export]]:
        """All exports of the readings that have not ended, by reading; ended ones of them too."""
        rows = self._connection.execute(
            f"select {_COLUMNS} from landing.zoho_exports where reading not in ("
            "select reading from landing.zoho_exports where ended_as in ('landed', 'dropped')) order by place"
        )
        found: dict[str, list[Export]] = {}
        for row in rows:
            export = _export(row)
            found.setdefault(export.page.reading, []).append(export)
        return found

    def add(self, export: Export) -> None:
        """Note an export that Zoho has just named."""
        self._connection.execute(
            f"insert into landing.zoho_exports ({_COLUMNS}) values "
            "(%(export_id)s, %(module)s, %(reading)s, %(is_sweep)s, %(span_number)s, %(span_count)s, "
            "%(modified_from)s, %(modified_until)s, %(page_number)s, %(page_token)s, %(try_number)s, "
            "%(created_at)s, %(state)s, null, %(ended_as)s)",
            {**_parameters(export), "state": export.state},
        )

    def update(self, export: Export) -> None:
        """Note what became of an export."""
        self._connection.execute(
            "update landing.zoho_exports set state = %s, result = %s, ended_as = %s, "
            "is_recorded = is_recorded and ended_as is not distinct from %s where export_id = %s",
            [
                export.state,
                None if export.result is None else Jsonb(export.result),
                export.ended_as,
                export.ended_as,
                export.export_id,
            ],
        )

    def end(self, exports: Sequence[Export], how: str) -> None:
        """Note that a reading has landed or was dropped, in one transaction.

        Its exports that failed before stay so, but for the last one: a reading without a last word is open.
        """
        with self._connection.transaction():
            for export in exports:
                if export.ended_as is None or export is exports[-1]:
                    self.update(replace(export, ended_as=how))

    def require_recorded(self, exports: Iterable[Export]) -> None:
        """See to it that the bucket knows of these exports, whatever has become of others."""
        row = self._connection.execute(
            "select exists (select from landing.zoho_exports where not is_recorded and export_id = any(%s))",
            [[one.export_id for one in exports]],
        ).fetchone()
        if row and row[0]:
            self.write_down()

    def write_down(self) -> None:
        """Put into the bucket what it does not have yet, as one batch."""
        rows = self._connection.execute(
            f"select {_COLUMNS} from landing.zoho_exports where not is_recorded order by place"
        ).fetchall()
        exports = [_export(row) for row in rows]
        if not exports:
            return
        records = [_record(one) for one in exports]
        record(self._installation, self._connection, STREAM, records, run_id=self._run_id)
        self._connection.execute(
            "update landing.zoho_exports set is_recorded = true where export_id = any(%s)",
            [[one.export_id for one in exports]],
        )

    def spent(self, now: datetime, period: timedelta) -> tuple[int, datetime | None]:
        """Credits that exports of the last period cost, and when the oldest of them was asked for."""
        row = self._connection.execute(
            "select count(*), min(created_at) from landing.zoho_exports where created_at > %s", [now - period]
        ).fetchone()
        assert row is not None
        return int(row[0]) * CREDITS, row[1]

    def last_asked(self) -> dict[str, datetime]:
        """When each module's last reading began that did not end in vain (UTC)."""
        rows = self._connection.execute(
            "select module, max(created_at) from landing.zoho_exports "
            "where page_number = 1 and (ended_as is null or ended_as = 'landed') group by module"
        )
        return {module: at.astimezone(UTC) for module, at in rows}


def _export(row: tuple[Any, ...]) -> Export:
    page = Page(
        module=row[1],
        reading=row[2],
        is_sweep=row[3],
        span_number=row[4],
        span_count=row[5],
        span=Span(row[6], row[7]),
        page_number=row[8],
        page_token=row[9],
        try_number=row[10],
    )
    return Export(row[0], page, row[11].astimezone(UTC), row[12], row[13], row[14])


def _parameters(export: Export) -> dict[str, Any]:
    page = export.page
    return {
        "export_id": export.export_id,
        "module": page.module,
        "reading": page.reading,
        "is_sweep": page.is_sweep,
        "span_number": page.span_number,
        "span_count": page.span_count,
        "modified_from": page.span.begins_at,
        "modified_until": page.span.ends_at,
        "page_number": page.page_number,
        "page_token": page.page_token,
        "try_number": page.try_number,
        "created_at": export.created_at,
        "ended_as": export.ended_as,
    }


def _record(export: Export) -> dict[str, Any]:
    """A record of ``observes/exports``."""
    told = _parameters(export)
    times = {name: told[name] and told[name].astimezone(UTC).isoformat() for name in _TIMES}
    return {**told, **times, "source": "zoho"}
