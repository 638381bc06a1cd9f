"""Older backups: Singer files that another job made of TimeDoctor, one a month and kind.

``timedoctor.worklogs.<first day>.<last day>.singer`` and ``timedoctor.computer_activity.…``: JSON lines of
SCHEMA and RECORD, and now and then a line of a log. Ids of rows in them are chance, made anew by each run;
names are in lower case and without accents; times are whole seconds; modes are in older words, some of which
stand for several; a date that could not be read became 1900-01-01.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import orjson

from observes_assets.errors import SettingsError
from observes_assets.sources.timedoctor.days import between
from observes_assets.sources.timedoctor.records import Record, in_order, instant, text

_NAME = re.compile(
    r"timedoctor\.(?P<kind>worklogs|computer_activity)\.(?P<first>\d{4}-\d\d-\d\d)[^.]*"
    r"\.(?P<last>\d{4}-\d\d-\d\d)[^.]*\.singer"
)
_NO_DATE = "1900-01-01"
_MODES = {
    "online": "computer",
    "offline or afk": "offline",
    "mobile app": "mobile",
    "manually added": "manual",
    "on break": "break",
}


@dataclass(frozen=True)
class SingerFile:
    """One backup: its kind and the days (UTC) that its name says it holds, both ends included."""

    path: Path
    kind: str
    first: date
    last: date

    @classmethod
    def of(cls, path: Path) -> "SingerFile":
        """The backup at a path, by its name.

        Raises:
            SettingsError: the name does not say what it holds.
        """
        found = _NAME.fullmatch(path.name)
        try:
            if found is None:
                raise ValueError
            first, last = date.fromisoformat(found["first"]), date.fromisoformat(found["last"])
        except ValueError:
            raise SettingsError(
                f"{path}: the name does not say what is in it.",
                "Name it timedoctor.worklogs.YYYY-MM-DD.YYYY-MM-DD.singer (or computer_activity): its first "
                "and last day.",
            ) from None
        if last < first:
            raise SettingsError(f"{path}: its last day is before its first.", "Correct the name.")
        return cls(path, found["kind"], first, last)

    @property
    def stream(self) -> str:
        """The stream that it belongs to."""
        return "worklogs" if self.kind == "worklogs" else "screenshots"

    def days(self) -> list[date]:
        """Every day of it; one without a row is a day on which nobody worked."""
        return list(between(self.first, self.last))

    def records(self, company: str, key: tuple[str, ...]) -> dict[date, list[Record]]:
        """Its records by day, in the form that TimeDoctor's own have.

        Args:
            key: of the stream; its records are in that order.

        Raises:
            SettingsError: it ends in the middle, or holds something else than its name says.
        """
        make: Callable[[Record], Record] = _worklog if self.kind == "worklogs" else _screenshot
        at = "started_at" if self.kind == "worklogs" else "taken_at"
        found: dict[date, list[Record]] = {day: [] for day in self.days()}
        for row in self._rows():
            record = {**make(row), "company_id": company, "imported_from": self.path.name}
            day = self._day_of(record[at])
            found[day].append({**record, "day": day.isoformat()})
        if self.kind == "computer_activity":
            found = {day: _numbered(records) for day, records in found.items()}
        return {day: in_order(records, key) for day, records in found.items()}

    def _day_of(self, at: str | None) -> date:
        """The day of a moment: what began before midnight of the first day is with that day's rows."""
        day = date.fromisoformat(at[:10]) if at else self.first
        return min(max(day, self.first), self.last)

    def _rows(self) -> Iterator[dict[str, Any]]:
        with self.path.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                if not line.lstrip().startswith(b"{") and b'"RECORD"' not in line:
                    continue  # of a log
                try:
                    document = orjson.loads(line)
                except orjson.JSONDecodeError:
                    raise SettingsError(
                        f"{self.path}: line {number} is cut off or damaged.",
                        "Get a good copy: nothing of this file was imported.",
                    ) from None
                if document.get("type") != "RECORD":
                    continue
                if document.get("stream") != self.kind or not isinstance(document.get("record"), dict):
                    raise SettingsError(
                        f"{self.path}: line {number} is no record of {self.kind}.", "Correct the file's name."
                    )
                yield document["record"]


def _worklog(row: Record) -> Record:
    mode = "manual" if text(row.get("edited")) == "1" else str(row.get("work_mode") or "other")
    return {
        "user_id": text(row.get("user_id")),
        "user_name": row.get("user_name"),
        "device_id": "",
        "started_at": _instant(row.get("start_time")),
        "mode": _MODES.get(mode, mode),
        "task_id": text(row.get("task_id")),
        "taskName": row.get("task_name"),
        "projectId": row.get("project_id") or None,
        "projectName": row.get("project_name"),
        "time": _number_of(row.get("length")),
    }


def _screenshot(row: Record) -> Record:
    # What it calls project_id is a name, and "Deleted" where it knew none.
    return {
        "user_id": text(row.get("user_id")),
        "user_name": row.get("user_name"),
        "device_id": "",
        "taken_at": _instant(row.get("date")),
        "process": row.get("process"),
        "window": row.get("window"),
        "deleted": bool(row.get("deleted_by")),
        "meta": {
            "keys": _number_of(row.get("keystrokes")),
            "movements": _number_of(row.get("mousemovements")),
            "task_id": text(row.get("task_id")),
        },
    }


def _numbered(records: list[Record]) -> list[Record]:
    """The rows of a day; those of one user and moment are numbered, since the files don't tell them apart.

    Rows that are the same in everything are one row, written twice.
    """
    distinct = sorted({orjson.dumps(one, option=orjson.OPT_SORT_KEYS) for one in records})
    seen: Counter[tuple[str, str | None]] = Counter()
    found = []
    for record in map(orjson.loads, distinct):
        moment = record["user_id"], record["taken_at"]
        found.append({**record, "number": str(seen[moment])})
        seen[moment] += 1
    return found


def _instant(value: Any) -> str | None:
    return None if str(value).startswith(_NO_DATE) else instant(value)


def _number_of(value: Any) -> Any:
    """A number, though a file may have it as text; what is none is left for the contract to refuse."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return value
    return int(number) if number.is_integer() else number
