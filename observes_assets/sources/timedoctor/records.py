"""Records of a day: the vendor's rows, with the fields that make their keys put beside its own.

Keys come from what is true of a row, never from chance: two readings of an unchanged day are the same bytes.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import orjson

Record = dict[str, Any]
# All that is kept of a screenshot: numbers and flags. A list of what may come in, since addresses that show
# the picture stand wherever the vendor likes.
_SCREENSHOT = ("number", "mime", "deleted", "avgActivity", "entity")
_META = (
    *("blur", "clicks", "movements", "keys", "period", "created_at", "obj_type"),
    *("project", "projectId", "task_id", "taskId"),  # either of two, by the API's age
)


def worklog(company: str, day: str, user: str, row: Record) -> Record:
    """A session of work; key: user, device, start, mode, task (and which one, of several alike)."""
    return {
        **row,
        "company_id": company,
        "day": day,
        "user_id": user,
        "device_id": text(row.get("deviceId")),
        "started_at": instant(row.get("start")),
        "task_id": text(row.get("taskId")),
    }


def app_uses(company: str, day: str, user: str, rows: Iterable[Record]) -> Iterable[Record]:
    """A user's use of programs and sites on a day. Nothing of a row is sure to tell it from others but all of
    it; rows that are the same in all, and don't say when they began, may be several uses: they are counted.
    """
    seen: Counter[bytes] = Counter()
    for row in rows:
        line = orjson.dumps(row, option=orjson.OPT_SORT_KEYS)
        digest = hashlib.sha256(line)
        if seen[line] and not row.get("start"):
            digest.update(b" %d" % seen[line])
        seen[line] += 1
        yield {**row, "company_id": company, "day": day, "user_id": user, "use_sha256": digest.hexdigest()}


def screenshots(company: str, day: str, row: Record) -> Iterable[Record]:
    """What is known of each screenshot of a user, device and moment; ``number`` restarts with each."""
    for one in row.get("numbers") or []:
        kept = {name: one[name] for name in _SCREENSHOT if name in one}
        if isinstance(meta := one.get("meta"), dict):
            kept["meta"] = {name: meta[name] for name in _META if name in meta}
        yield {
            **kept,
            "number": text(one.get("number")),
            "company_id": company,
            "day": day,
            "user_id": text(row.get("userId")),
            "device_id": text(row.get("deviceId")),
            "taken_at": instant(row.get("date")),
        }


def in_order(records: Iterable[Record], key: tuple[str, ...]) -> list[Record]:
    """Records in the order of their keys. Rows that are the same in everything are one row, sent twice.

    If the key has an ``occurrence``, it counts those that are the same in all the rest of the key, from 1.
    """
    lines = sorted({orjson.dumps(one, option=orjson.OPT_SORT_KEYS) for one in records})
    found: list[Record] = [orjson.loads(line) for line in lines]
    if "occurrence" in key:
        seen: Counter[tuple[str, ...]] = Counter()
        for one in found:
            identity = tuple(str(one.get(name)) for name in key if name != "occurrence")
            seen[identity] += 1
            one["occurrence"] = seen[identity]
    return sorted(found, key=lambda one: [str(one.get(name)) for name in key])


def instant(value: Any) -> str | None:
    """An instant in one form, UTC and milliseconds, however it was written; None if it is none.

    The landing then finds the record's key unreadable, and sets it aside.
    """
    try:
        at = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    if at.tzinfo is None:
        at = at.replace(tzinfo=UTC)  # TimeDoctor's times are UTC
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def text(value: Any) -> str:
    """An id as text; empty for none, since a key has no null."""
    return "" if value is None else str(value)
