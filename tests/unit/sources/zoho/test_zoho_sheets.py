"""What a zip holds: rows by header, as text, in flat memory."""

import threading
import tracemalloc
from datetime import UTC, datetime
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import orjson
import pytest

from observes_assets.errors import PermanentError, TransientError
from observes_assets.sources.zoho.sheets import Sheet

HEADER = "id,Name,Note,Modified_Time"
LATE = "2026-03-02T09:00:00+01:00"


def sheet(folder: Path, text: str, *, needed: tuple[str, ...] = ()) -> Sheet:
    path = folder / "results.zip"
    with ZipFile(path, "w", ZIP_DEFLATED) as zipped:
        zipped.writestr("4876876000000000001.csv", text)
    return Sheet(path, needed, "the export of Leads")


def rows(one: Sheet) -> list[dict[str, str]]:
    return [orjson.loads(record) for record in one.records()]


def test_line_breaks_and_quotes_inside_a_cell_stay(tmp_path: Path) -> None:
    found = sheet(tmp_path, f'{HEADER}\n1,"O""Hara","first\nsecond\r\nthird, with comma",{LATE}\n')
    assert rows(found) == [
        {"id": "1", "Name": 'O"Hara', "Note": "first\nsecond\r\nthird, with comma", "Modified_Time": LATE}
    ]


def test_ids_and_amounts_are_text(tmp_path: Path) -> None:
    found = sheet(tmp_path, f"Id,Amount,Modified_Time\n4876876000001000123,12000.50,{LATE}\n")
    assert rows(found) == [{"id": "4876876000001000123", "Amount": "12000.50", "Modified_Time": LATE}]


def test_columns_that_move_change_no_record(tmp_path: Path) -> None:
    one = list(sheet(tmp_path, f"{HEADER}\n1,Ada,x,{LATE}\n").records())
    other = list(sheet(tmp_path, f"Note,Modified_Time,id,Name\nx,{LATE},1,Ada\n").records())
    assert one == other


def test_a_new_column_is_kept_and_a_blank_one_changes_no_record(tmp_path: Path) -> None:
    before = list(sheet(tmp_path, f"{HEADER}\n1,Ada,,{LATE}\n").records())
    found = sheet(tmp_path, f"{HEADER},Renewal\n1,Ada,,{LATE},\n2,Bo,,{LATE},2027\n")
    first, second = found.records()
    assert first == before[0]
    assert orjson.loads(second)["Renewal"] == "2027"
    assert "Renewal" in found.columns


def test_the_newest_change_is_the_greatest_instant_whatever_its_offset(tmp_path: Path) -> None:
    times = ("2026-03-29T03:30:00+02:00", "2026-03-29T01:59:59+01:00", "2026-03-29T01:45:00Z")
    lines = "".join(f"{number},a,,{at}\n" for number, at in enumerate(times))
    found = sheet(tmp_path, f"{HEADER}\n{lines}")
    rows(found)
    assert found.newest_at == datetime(2026, 3, 29, 1, 45, tzinfo=UTC)


def test_a_needed_column_that_is_missing_is_told_by_name(tmp_path: Path) -> None:
    found = sheet(tmp_path, f"{HEADER}\n1,Ada,,{LATE}\n", needed=("id", "Amount", "Stage"))
    with pytest.raises(PermanentError, match="lacks the columns Amount, Stage") as raised:
        rows(found)
    assert "profile" in raised.value.remedy


def test_a_header_alone_is_no_row(tmp_path: Path) -> None:
    found = sheet(tmp_path, f"{HEADER}\n")
    assert rows(found) == []
    assert (found.row_count, found.newest_at) == (0, None)


@pytest.mark.parametrize(
    "text",
    [
        f"{HEADER}\n1,Ada\n",
        f'{HEADER}\n1,"Ada',
        f"{HEADER},Name\n1,a,b,{LATE},c\n",
        "",
        f"{HEADER}\n1,a,b,2026\n",
    ],
    ids=["short row", "open quote", "two columns of one name", "nothing", "no time"],
)
def test_a_sheet_that_is_cut_off_is_tried_again(tmp_path: Path, text: str) -> None:
    with pytest.raises((TransientError, PermanentError)) as raised:
        rows(sheet(tmp_path, text, needed=("id",)))
    assert "Ada" not in str(raised.value)


def test_a_zip_that_is_cut_off_is_tried_again(tmp_path: Path) -> None:
    found = sheet(tmp_path, f"{HEADER}\n" + f"1,Ada,{'x' * 5000},{LATE}\n" * 50)
    found.path.write_bytes(found.path.read_bytes()[:-40])
    with pytest.raises(TransientError):
        rows(found)


def test_a_zip_with_a_wrong_bit_is_tried_again(tmp_path: Path) -> None:
    found = sheet(tmp_path, f"{HEADER}\n" + "".join(f"{n},Ada {n},{n * n},{LATE}\n" for n in range(2000)))
    found.path.write_bytes(
        bytes(byte ^ (at in range(900, 910)) for at, byte in enumerate(found.path.read_bytes()))
    )
    with pytest.raises(TransientError):
        rows(found)


def test_who_looks_at_the_first_rows_only_leaves_no_thread(tmp_path: Path) -> None:
    found = sheet(tmp_path, f"{HEADER}\n" + f"1,Ada,{'x' * 5000},{LATE}\n" * 5_000)
    records = found.records()
    assert orjson.loads(next(records))["Name"] == "Ada"
    del records
    assert [one.name for one in threading.enumerate() if one.name == "ahead"] == []


def test_memory_stays_flat(tmp_path: Path) -> None:
    peaks = []
    for count in (20_000, 100_000):
        found = sheet(tmp_path, f"{HEADER}\n" + f"1,Ada,{'x' * 500},{LATE}\n" * count)
        tracemalloc.start()
        assert sum(1 for _ in found.records()) == count
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.5 * peaks[0], "five times the rows, and not twice the memory"
