"""Second half: wait for exports, fetch what is completed, archive it and land it."""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from pathlib import Path
from typing import Any

import orjson

from observes_assets.archive import Cursor
from observes_assets.contracts import StreamContract
from observes_assets.errors import PermanentError, TransientError
from observes_assets.extraction import Extractor, Reading
from observes_assets.landing import pending
from observes_assets.landing.pending import Start
from observes_assets.scratch import scratch
from observes_assets.sources.zoho.client import Client
from observes_assets.sources.zoho.exports import FITTING_ROWS, Export
from observes_assets.sources.zoho.failures import GoneError
from observes_assets.sources.zoho.sheets import Sheet
from observes_assets.sources.zoho.streams import USERS, instant, stamp, stream_of

OVERLAP = timedelta(minutes=10)
"""Read again before the newest change: several records share a second, and some appear late."""
_FEW = 1_000  # rows of a differential export that are held against the last ones, to see if they are news
_BORDERS = """
    select percentile_disc(%(shares)s::double precision[]) within group (
        order by (r.record ->> 'Modified_Time')::timestamptz
    )
    from landing.{versions} as v
    join raw_zoho.{stream} as r on r.load_id = v.content_load_id and r.record_key = v.record_key
    where v.superseded_by is null and not v.is_deleted
"""


def plan_of(extractor: Extractor, module: str, now: datetime) -> tuple[datetime | None, list[datetime]]:
    """From when on a module is read (None: everything), and where a reading of everything is cut.

    A module is cut by what has landed of it, so that each part fits a page; before anything has, nobody
    knows, and its pages are followed one after another.
    """
    stream = extractor.contract.streams[stream_of(module)]
    pending.sync(extractor.connection, extractor.archive, stream.source, stream.name)
    start = pending.start_of(extractor.connection, stream.source, stream.name, {})
    since = since_of(start.cursor, stream, now)
    return since, [] if since else _borders(extractor, stream.name)


def since_of(cursor: Cursor | None, stream: StreamContract, now: datetime) -> datetime | None:
    """From when on changes are read; None: a sweep is due."""
    known = cursor or {}
    if not known.get("swept_at") or not known.get("newest_at"):
        return None
    if stream.sweep_every is not None and now - instant(known["swept_at"]) >= stream.sweep_every:
        return None
    return instant(known["newest_at"]) - OVERLAP


def _borders(extractor: Extractor, stream: str) -> list[datetime]:
    standing = extractor.connection.execute(
        f"select count(*) from landing.zoho__{stream} where superseded_by is null and not is_deleted"
    ).fetchone()
    count = ceil((standing[0] if standing else 0) / FITTING_ROWS)
    if count < 2:
        return []
    shares = [number / count for number in range(1, count)]
    row = extractor.connection.execute(
        _BORDERS.format(versions=f"zoho__{stream}", stream=stream), {"shares": shares}
    ).fetchone()
    return sorted({at.replace(microsecond=0) for at in row[0] if at}) if row and row[0] else []


class ExpiredError(GoneError):
    """The results of an export were fetched too late."""

    def __init__(self, export: Export, cause: GoneError) -> None:
        super().__init__(cause.message, cause.remedy)
        self.export = export


@dataclass
class _Results:
    """What a reading's exports brought, as one batch's records: read twice if few, else once."""

    sheets: Sequence[Sheet]
    exports: Sequence[Export]

    def require(self, columns: Collection[str]) -> None:
        for sheet in self.sheets:
            sheet.needed = columns

    def records(self) -> Iterator[bytes]:
        for sheet, export in zip(self.sheets, self.exports, strict=True):
            if export.is_empty:
                continue
            yield from sheet.records()
            if export.row_count not in {None, sheet.row_count}:
                raise TransientError(
                    f"Zoho: {export.page.what} holds {sheet.row_count} rows, and Zoho counted "
                    f"{export.row_count}.",
                    "Try again later: the results are fetched anew.",
                )

    @property
    def newest_at(self) -> datetime | None:
        return max((one.newest_at for one in self.sheets if one.newest_at), default=None)

    def digest(self) -> str:
        """Tells whether few rows are those of last time; empty: there are too many to ask."""
        counts = [one.row_count for one in self.exports]
        if any(count is None for count in counts) or sum(count or 0 for count in counts) > _FEW:
            return ""
        return _digest(self.records())


def take(extractor: Extractor, client: Client, results: Sequence[Export]) -> None:
    """Fetch the results of a whole reading, archive them and land them, if they are news.

    Raises:
        ExpiredError: one of them is not to be had any more.
        SourceError: they can't be read.
    """
    first = results[0].page
    stream = stream_of(first.module)
    with scratch("zoho") as folder, ExitStack() as held:
        # Before the scope is held: results that have expired are asked for anew, which is no failed attempt.
        found = _Results(_fetch(client, results, folder), results)
        start = held.enter_context(extractor.scope(stream, {}))
        _require_begun_in_time(start, results)
        found.require(_needed(extractor, stream, start))
        digest = "" if first.is_sweep else found.digest()
        if digest and digest == (start.cursor or {}).get("digest") and not start.makes_up_for:
            return
        # A page of a span that did not fit may lack what moved while the pages were made: nothing in such a
        # reading is taken for gone, and everything is read once more, cut by what has landed now.
        is_whole = first.is_sweep and not any(one.is_paged for one in results)
        reading = Reading(
            "complete" if is_whole else "differential",
            found.records(),
            lambda: _cursor(start, found, digest, is_whole=is_whole),
            lambda: results[0].row_count if is_whole and len(results) == 1 else None,
            is_at_hand=True,
        )
        times = (min(one.created_at for one in results), client.server_at)
        extractor.extract(stream, {}, start, reading, times=times)


def _require_begun_in_time(start: Start, results: Sequence[Export]) -> None:
    """Refuse a reading that was asked for before a batch was rejected: it begins after what is to be read."""
    first = results[0].page
    if not start.makes_up_for or first.is_sweep:
        return
    newest_at = (start.cursor or {}).get("newest_at")
    if newest_at is None or (first.span.begins_at and first.span.begins_at > instant(newest_at) - OVERLAP):
        raise PermanentError(
            f"Zoho: {first.what} was asked for before an earlier batch was rejected.",
            "Nothing to do: the next run asks for what that batch held, too.",
        )


def _needed(extractor: Extractor, stream: str, start: Start) -> set[str]:
    """Columns that results must have: the required ones, and those of the contract that were there before.

    A field that the user may not see any more would otherwise read as blank, in every record.
    """
    properties = extractor.contract.streams[stream].properties
    required = {str(one.name) for one in properties if one.required}
    return required | {str(one.name) for one in properties} & set((start.cursor or {}).get("columns", []))


def _fetch(client: Client, results: Sequence[Export], folder: Path) -> list[Sheet]:
    sheets = []
    for number, export in enumerate(results):
        sheet = Sheet(folder / f"{number}.zip", (), export.page.what)
        sheets.append(sheet)
        if export.is_empty:
            continue
        try:
            with sheet.path.open("wb") as file:
                client.download(export.page.what, str((export.result or {}).get("download_url", "")), file)
        except GoneError as error:
            raise ExpiredError(export, error) from None
    return sheets


def _cursor(start: Start, found: _Results, digest: str, *, is_whole: bool) -> Cursor:
    """Where the next reading begins: after the newest change that was read, by the vendor's own word.

    While nothing is there, that is the moment at which nothing was there.
    """
    known = start.cursor or {}
    before = instant(known["newest_at"]) if known.get("newest_at") else None
    asked_at = min(one.created_at for one in found.exports)
    newest_at = max((at for at in (before, found.newest_at) if at), default=asked_at)
    swept = {"swept_at": stamp(asked_at)} if is_whole else {}
    # Rows may move between pages: what was missed is found by reading everything, cut by what has landed.
    is_paged = any(one.is_paged for one in found.exports)
    if not is_whole and not is_paged and known.get("swept_at"):
        swept = {"swept_at": known["swept_at"]}
    columns = next((one.columns for one in reversed(found.sheets) if one.columns), known.get("columns", []))
    return {"newest_at": stamp(newest_at), **swept, "digest": digest, "columns": columns}


def _digest(records: Iterable[bytes]) -> str:
    found = hashlib.sha256()
    for record in sorted(records):
        found.update(record + b"\n")
    return found.hexdigest()


def read_users(extractor: Extractor, client: Client) -> None:
    """Read every user; a batch only if anybody is another than last time."""
    with extractor.scope(USERS, {}) as start:
        began_at = client.server_at
        records = [orjson.dumps(_user(one), option=orjson.OPT_SORT_KEYS) for one in client.users()]
        digest = _digest(records)
        if digest == (start.cursor or {}).get("digest") and not start.makes_up_for:
            return
        reading = Reading("complete", records, lambda: {"digest": digest})
        extractor.extract(USERS, {}, start, reading, times=(began_at, client.server_at))


def _user(row: dict[str, Any]) -> dict[str, Any]:
    """A record of ``users``: other people by id only, and nothing that says only who is at work just then."""
    kept = {name: value for name, value in row.items() if name != "Isonline"}
    others = {name: (kept[name] or {}).get("id") for name in ("created_by", "Modified_By") if name in kept}
    return {**kept, **others}
