"""Land older backups: each day of a file is a batch, as if it had been read then.

What TimeDoctor itself gave of a day is better than a copy of a copy, so such a day is left alone. Where two
files hold a day, the one that is named last has it.
"""

from collections import Counter
from datetime import UTC, datetime

from observes_assets import progress
from observes_assets.errors import SettingsError
from observes_assets.extraction import Extractor
from observes_assets.sources.timedoctor.days import end_of
from observes_assets.sources.timedoctor.one_day import archive
from observes_assets.sources.timedoctor.records import Record
from observes_assets.sources.timedoctor.singer import SingerFile

IMPORTED, UNCHANGED, BETTER = "imported", "unchanged", "read from TimeDoctor"


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
        if start.cursor and "origin" not in start.cursor:
            return BETTER
        before = len(extractor.outcomes)
        # Nobody knows when it was read: after its last day was over, and long before now.
        times = end_of(file.last), end_of(file.last)
        archive(extractor, file.stream, scope, start, records, times=times, over=over, origin=file.path.name)
        return IMPORTED if len(extractor.outcomes) > before else UNCHANGED
