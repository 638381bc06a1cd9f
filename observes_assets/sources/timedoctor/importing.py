"""Land older backups: each day of a file is a batch, as if it had been read then.

What TimeDoctor itself gave of a day is better than a copy of a copy, so such a day is left alone; unless it
gave nothing, or only what there was while the day lasted. Where two files hold a day, the one that is named
last has it.
"""

from collections import Counter
from datetime import UTC, datetime

from observes_assets import progress
from observes_assets.errors import SettingsError
from observes_assets.extraction import Extractor
from observes_assets.sources.timedoctor import reading
from observes_assets.sources.timedoctor.days import end_of
from observes_assets.sources.timedoctor.one_day import archive
from observes_assets.sources.timedoctor.records import Record
from observes_assets.sources.timedoctor.singer import SingerFile

IMPORTED, UNCHANGED, BETTER, REFUSED = "imported", "unchanged", "read from TimeDoctor", "refused"


def import_file(extractor: Extractor, file: SingerFile, company: str) -> Counter[str]:
    """Land every day of a file; counts days by what became of them, and records.

    Raises:
        SettingsError: the file is damaged, or its last day is not over. Nothing of it lands.
    """
    if end_of(file.last) > datetime.now(UTC):
        raise SettingsError(f"{file.path}: its last day is not over.", "Correct the name, or wait.")
    found = file.records(company, extractor.contract.streams[file.stream].key)
    done: Counter[str] = Counter()
    with progress.task(file.path.name, len(found)) as step:
        for day, records in found.items():
            scope = {"company_id": company, "day": day.isoformat()}
            done[_land(extractor, file, scope, records, over=end_of(day))] += 1
            step(1, str(day))
    done["records"] = sum(len(records) for records in found.values())
    return done


def _land(
    extractor: Extractor, file: SingerFile, scope: dict[str, str], records: list[Record], *, over: datetime
) -> str:
    with extractor.scope(file.stream, scope) as start:
        if "digest" in (known := start.cursor or {}) and "origin" not in known:
            is_whole = datetime.fromisoformat(known["read_until"]) >= over
            if not records or (is_whole and _stands(extractor, file.stream, scope)):
                return BETTER
        before = len(extractor.outcomes)
        # Nobody knows when it was read: after its last day was over, and long before now. But no earlier than
        # what it takes the place of.
        read_at = end_of(file.last)
        if "read_until" in known:
            read_at = max(read_at, datetime.fromisoformat(known["read_until"]))
        times = read_at, read_at
        archive(extractor, file.stream, scope, start, records, times=times, over=over, origin=file.path.name)
        if len(extractor.outcomes) == before:
            return UNCHANGED
        refused = (one for _, outcome in extractor.outcomes[before:] for one in outcome.refusals)
        return REFUSED if any(one.manifest.scope == scope for one in refused) else IMPORTED


def _stands(extractor: Extractor, stream: str, scope: dict[str, str]) -> bool:
    """Whether the warehouse has anything of a day."""
    return bool(reading.known(extractor.connection, extractor.contract.streams[stream], scope))
