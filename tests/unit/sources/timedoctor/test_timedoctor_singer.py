"""Singer files of the job that was there before: what they hold, and what is wrong with them."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from observes_assets import contracts
from observes_assets.errors import SettingsError
from observes_assets.sources.timedoctor.singer import SingerFile

STREAMS = contracts.load("timedoctor").streams


def worklog(start: str, **more: Any) -> dict[str, Any]:
    return {
        "worklog_id": f"chance-{start}-{len(more)}",
        "length": 1800,
        "user_id": "ana",
        "user_name": "ana example",
        "task_id": "t1",
        "task_name": "Reviews",
        "project_id": "p1",
        "project_name": "harbor",
        "start_time": start,
        "end_time": start,
        "edited": "0",
        "work_mode": "online",
        **more,
    }


def write(folder: Path, *rows: dict[str, Any], name: str = "worklogs.2025-01-01.2025-01-31") -> SingerFile:
    kind = name.partition(".")[0]
    lines = [json.dumps({"type": "SCHEMA", "stream": kind, "schema": {}, "key_properties": []})]
    lines += [json.dumps({"type": "RECORD", "stream": kind, "record": one}) for one in rows]
    path = folder / f"timedoctor.{name}.singer"
    path.write_text("\n".join(lines) + "\n")
    return SingerFile.of(path)


def records(file: SingerFile) -> dict[date, list[dict[str, Any]]]:
    return file.records("quill", STREAMS[file.stream].key)


def test_days_are_those_of_the_name_and_an_empty_one_is_a_day_too(tmp_path: Path) -> None:
    found = records(write(tmp_path, worklog("2025-01-07T09:00:00Z")))
    assert len(found) == 31
    assert [day for day, rows in found.items() if rows] == [date(2025, 1, 7)]
    (one,) = found[date(2025, 1, 7)]
    assert STREAMS["worklogs"].check(one) is None
    assert (one["started_at"], one["mode"], one["time"]) == ("2025-01-07T09:00:00.000Z", "computer", 1800)
    assert "chance" not in json.dumps(one)


@pytest.mark.parametrize(
    ("label", "edited", "mode"),
    [
        ("online", "0", "computer"),
        ("offline or afk", "0", "offline"),
        ("mobile app", "0", "mobile"),
        ("manually added", "1", "manual"),
        ("on break", "0", "break"),
        ("other", "0", "other"),
        ("other", "1", "manual"),
    ],
)
def test_older_words_for_modes_become_the_vendor_s(
    tmp_path: Path, label: str, edited: str, mode: str
) -> None:
    row = worklog("2025-01-07T09:00:00Z", work_mode=label, edited=edited)
    (one,) = records(write(tmp_path, row))[date(2025, 1, 7)]
    assert one["mode"] == mode


def test_lines_of_a_log_are_passed_over_and_a_cut_file_is_refused(tmp_path: Path) -> None:
    file = write(tmp_path, worklog("2025-01-07T09:00:00Z"))
    text = file.path.read_text()
    file.path.write_text("INFO: Timedoctor API, ERROR 502\n" + text)
    assert len(records(file)[date(2025, 1, 7)]) == 1
    file.path.write_text(text[:-20])
    with pytest.raises(SettingsError, match="line 2 is cut off"):
        records(file)
    # Nor is a record passed over because a log has written into its line.
    file.path.write_text(text.replace('{"type": "RECORD"', 'INFO: page 3 {"type": "RECORD"'))
    with pytest.raises(SettingsError, match="line 2 is cut off"):
        records(file)


@pytest.mark.parametrize(
    ("length", "seconds"), [(1800, 1800), ("1800", 1800), (12.7, 12.7), ("12.0", 12), ("a while", "a while")]
)
def test_lengths_are_numbers_and_nothing_is_cut_off(tmp_path: Path, length: Any, seconds: Any) -> None:
    (one,) = records(write(tmp_path, worklog("2025-01-07T09:00:00Z", length=length)))[date(2025, 1, 7)]
    assert one["time"] == seconds
    assert (STREAMS["worklogs"].check(one) is None) == (length != "a while")


def test_a_date_that_could_not_be_read_then_is_none_now(tmp_path: Path) -> None:
    found = records(write(tmp_path, worklog("1900-01-01T00:00:00Z")))
    (one,) = found[date(2025, 1, 1)]
    assert STREAMS["worklogs"].check(one) is not None


def test_the_same_rows_with_other_ids_are_the_same_records(tmp_path: Path) -> None:
    first = records(write(tmp_path, worklog("2025-01-07T09:00:00Z", worklog_id="one")))
    again = records(write(tmp_path, worklog("2025-01-07T09:00:00Z", worklog_id="two")))
    assert first == again


def test_computer_activity_goes_to_screenshots(tmp_path: Path) -> None:
    row = {
        "uuid": "chance",
        "date": "2025-01-07T09:03:00Z",
        "user_id": "ana",
        "user_name": "ana example",
        "task_id": "Deleted",
        "project_id": "harbor",
        "process": "browser",
        "window": "Inbox of Ana",
        "keystrokes": "12",
        "mousemovements": 340,
        "deleted_by": "",
        "deletedSeconds": 0.0,
    }
    file = write(tmp_path, row, {**row, "keystrokes": 13}, name="computer_activity.2025-01-01.2025-01-31")
    found = records(file)[date(2025, 1, 7)]
    assert file.stream == "screenshots"
    assert [one["meta"]["keys"] for one in found] == [12, 13]
    assert all(STREAMS["screenshots"].check(one) is None for one in found)
    key = STREAMS["screenshots"].key
    keys = {tuple(one[name] for name in key) for one in found}
    assert len(keys) == 2
    # Written twice it is one, and another moment's does not rename it.
    more = row, {**row, "uuid": "other"}, {**row, "keystrokes": 13}, {**row, "date": "2025-01-07T08:00:00Z"}
    again = records(write(tmp_path, *more, name="computer_activity.2025-01-01.2025-01-31"))[date(2025, 1, 7)]
    assert len(again) == 3
    assert keys < {tuple(one[name] for name in key) for one in again}


@pytest.mark.parametrize(
    "name",
    [
        "worklogs.singer",
        "timedoctor.worklogs.2025-01-01.singer",
        "timedoctor.users.2025-01-01.2025-01-31.singer",
    ],
)
def test_a_name_that_says_nothing_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(SettingsError, match="does not say what is in it"):
        SingerFile.of(tmp_path / name)


def test_a_range_that_goes_back_and_a_file_of_another_kind_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="before its first"):
        SingerFile.of(tmp_path / "timedoctor.worklogs.2025-01-31.2025-01-01.singer")
    file = write(tmp_path, worklog("2025-01-07T09:00:00Z"), name="worklogs.2025-01-01.2025-01-31")
    other = file.path.rename(tmp_path / "timedoctor.computer_activity.2025-01-01.2025-01-31.singer")
    with pytest.raises(SettingsError, match="no record of computer_activity"):
        records(SingerFile.of(other))
