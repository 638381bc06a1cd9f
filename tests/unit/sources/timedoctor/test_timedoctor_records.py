"""Keys that come from what is true of a row, and nothing of a screenshot but numbers."""

import random
from typing import Any

import orjson

from observes_assets import contracts
from observes_assets.sources.timedoctor import records
from observes_assets.sources.timedoctor.records import in_order, instant

STREAMS = contracts.load("timedoctor").streams
KEY = STREAMS["worklogs"].key


def row(**more: Any) -> dict[str, Any]:
    return {"start": "2026-11-16T09:00:00.000Z", "time": 3600, "mode": "computer", "userId": "ana", **more}


def worklogs(*rows: dict[str, Any]) -> list[dict[str, Any]]:
    return in_order((records.worklog("quill", "2026-11-16", "ana", one) for one in rows), KEY)


def test_a_reading_in_another_order_is_the_same_bytes() -> None:
    rows = [row(start=f"2026-11-16T{hour:02}:00:00.000Z", deviceId="a") for hour in range(24)]
    shuffled = random.Random(7).sample(rows, len(rows))
    assert orjson.dumps(worklogs(*rows)) == orjson.dumps(worklogs(*shuffled))


def test_two_devices_at_once_are_two_records() -> None:
    found = worklogs(row(deviceId="a"), row(deviceId="b"))
    assert [one["device_id"] for one in found] == ["a", "b"]


def test_rows_without_task_or_device_are_kept_and_keep_the_contract() -> None:
    (one,) = worklogs(row(mode="paidBreak"))
    assert (one["task_id"], one["device_id"], one["occurrence"]) == ("", "", 1)
    assert STREAMS["worklogs"].check(one) is None


def test_a_row_that_was_sent_twice_is_one_and_two_that_differ_are_two() -> None:
    assert len(worklogs(row(), row())) == 1
    both = worklogs(row(time=60), row(time=120))
    assert [(one["time"], one["occurrence"]) for one in both] == [(120, 1), (60, 2)]


def test_times_are_told_alike_however_they_are_written() -> None:
    told = {
        instant(text)
        for text in ("2026-11-16T09:00:00Z", "2026-11-16T09:00:00.000Z", "2026-11-16T14:30:00+05:30")
    }
    assert told == {"2026-11-16T09:00:00.000Z"}


def test_a_time_that_cannot_be_read_is_for_the_landing_to_set_aside() -> None:
    (one,) = worklogs(row(start="yesterday"))
    assert one["started_at"] is None
    assert STREAMS["worklogs"].check(one) is not None


def test_of_a_screenshot_no_address_comes_in_wherever_it_stands() -> None:
    taken = {
        "userId": "ana",
        "date": "2026-11-16T09:00:00.000Z",
        "deviceId": "a",
        "href": "https://pictures.example/1?signature=x",
        "numbers": [
            {
                "number": 0,
                "mime": "image/jpeg",
                "deleted": False,
                "url": "https://pictures.example/1?signature=x",
                "meta": {"keys": 3, "thumb": "//pictures.example/1", "created_at": "2026-11-16T09:01:00Z"},
            }
        ],
    }
    (one,) = records.screenshots("quill", "2026-11-16", taken)
    assert b"example" not in orjson.dumps(one)
    assert one["meta"] == {"keys": 3, "created_at": "2026-11-16T09:01:00Z"}
    assert STREAMS["screenshots"].check(one) is None


def test_numbers_of_screenshots_begin_again_with_each_device_and_moment() -> None:
    def taken(device: str, date: str) -> dict[str, Any]:
        return {"userId": "ana", "date": date, "deviceId": device, "numbers": [{"number": 0}]}

    found = [
        one
        for device, date in (
            ("a", "2026-11-16T09:00Z"),
            ("b", "2026-11-16T09:00Z"),
            ("a", "2026-11-16T10:00Z"),
        )
        for one in records.screenshots("quill", "2026-11-16", taken(device, date))
    ]
    key = STREAMS["screenshots"].key
    assert len({tuple(one[name] for name in key) for one in found}) == 3


def test_uses_of_programs_are_told_apart_by_all_that_is_in_them() -> None:
    editor, mail = {"value": "Editor", "time": 60}, {"value": "Mail", "time": 60}
    uses = [
        *records.app_uses("quill", "2026-11-16", "ana", [editor, mail]),
        *records.app_uses("quill", "2026-11-16", "bo", [editor]),
    ]
    key = STREAMS["app_uses"].key
    assert len({tuple(one[name] for name in key) for one in uses}) == 3
    assert all(STREAMS["app_uses"].check(one) is None for one in uses)


def test_equal_uses_without_a_start_are_several_and_with_one_they_are_one_sent_twice() -> None:
    key = STREAMS["app_uses"].key
    row = {"value": "Editor", "time": 60}

    def landed(*rows: dict[str, Any]) -> list[dict[str, Any]]:
        return records.in_order(records.app_uses("quill", "2026-11-16", "ana", rows), key)

    twice = landed(row, row)
    assert len({tuple(one[name] for name in key) for one in twice}) == 2
    assert landed(row, {**row, "value": "Mail"}, row) != twice
    assert landed(row, row) == twice
    assert landed(row)[0] in twice, "one more renames none"
    dated = {**row, "start": "2026-11-16T09:30:00.000Z"}
    assert len(landed(dated, dated)) == 1
