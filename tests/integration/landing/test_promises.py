"""Each promise, broken on purpose: refused at the door, and seen by exactly its part of the check."""

from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from dagster import AssetCheckSeverity

from observes_assets import contracts
from observes_assets.archive import Decision
from observes_assets.contracts import Contract
from observes_assets.extraction import Outcome, Reading
from observes_assets.oath.checks import check_stream
from observes_assets.oath.specs import ACCEPTED, RECENCY, STRUCTURE
from observes_assets.oath.structure import PARTS, examine
from tests.integration.landing.conftest import CONTRACT, Desk, order

MORE = """
      - {property: volumeBand, value: {minimumShare: 0.5, maximumShare: 2.0}}
      - {property: recencyField, value: sold_at}
    properties:
      - {name: sold_at, logicalType: timestamp, required: false}
"""


@pytest.fixture
def contract() -> Contract:
    return contracts.parse("shop", CONTRACT.replace("\n    properties:\n", MORE).encode())


def reason(outcome: Outcome) -> str | None:
    return outcome.refusals[0].reason if outcome.refusals else None


def orders(count: int) -> list[dict[str, Any]]:
    return [order(number, sold_at="2026-01-01T00:00:00Z") for number in range(1, count + 1)]


def counted(desk: Desk, records: list[Any], count: int | None) -> Outcome:
    scope = {"region": "eu"}
    with desk.extractor.scope("orders", scope) as start:
        reading = Reading("complete", records, reported_count=lambda: count)
        return desk.extractor.extract("orders", scope, start, reading)


def accept(desk: Desk, batch: int) -> None:
    manifest = desk.archive.manifest("shop", "orders", batch)
    assert desk.archive.decide(
        manifest, Decision(verdict="accept", who="ann", why="it is so", decided_at=manifest.extracted_until)
    )


# --- At the door -------------------------------------------------------------------------------------------


def test_another_number_than_the_vendor_s_own_is_refused(desk: Desk) -> None:
    assert reason(counted(desk, orders(3), None)) is None
    assert reason(counted(desk, orders(3), 3)) is None
    # A page came twice, and another not at all: as many lines as promised, one record short.
    pages = [*orders(3), order(3, 2.0)]
    assert reason(counted(desk, pages, 4)) == "reconciled: expected the vendor's own count, 4, found 3"
    assert desk.one("select count(*) from landing.loads") == 2
    assert desk.one("select reported_count from landing.loads where batch = 2") == 3


@pytest.mark.parametrize("is_first", [True, False])
def test_a_refused_record_on_a_repeated_page_counts_once(desk: Desk, *, is_first: bool) -> None:
    text = CONTRACT.replace("maximumQuarantinedCount, value: 1", "maximumQuarantinedCount, value: 9")
    desk.contract = contracts.parse("shop", text.encode())
    if not is_first:
        assert reason(counted(desk, orders(3), 3)) is None
        assert reason(counted(desk, orders(3), 3)) is None  # so that the next batch is recognised
    bad = order(9) | {"amount": "much"}
    # Refused on two pages; refused on one and as it should be on the other, be it new or known; unreadable.
    page = [bad, order(2) | {"amount": "more"}, b"[]", order(8) | {"amount": "less"}]
    pages = [*orders(3), *page, bad, b"[]", order(8)]
    assert reason(counted(desk, pages, 9)) == "reconciled: expected the vendor's own count, 9, found 6"
    manifest = desk.archive.manifest("shop", "orders", 1 if is_first else 3)
    decision = Decision(verdict="reject", who="ann", why="no", decided_at=manifest.extracted_until)
    assert desk.archive.decide(manifest, decision)
    desk.extractor.land_waiting("orders")
    assert reason(counted(desk, pages, 6)) is None
    row = "select records_read, records_quarantined, records_refused_again from landing.loads"
    assert desk.connection.execute(f"{row} order by load_id desc limit 1").fetchone() == (10, 6, 4)
    assert examine(desk.connection, desk.contract.streams["orders"]).faults == ()


def test_a_volume_outside_its_band_is_refused_until_a_person_says_that_it_is_normal(desk: Desk) -> None:
    for count in (4, 5, 4):
        assert reason(desk.land(orders(count))) is None  # too few to say what is usual, then within the band
    assert reason(desk.land(orders(9))) == "volume: expected 2 to 8 records, found 9"
    accept(desk, 4)
    assert reason(desk.land(orders(9))) is None
    assert desk.one("select array_agg(is_accepted order by batch) from landing.loads")[-2:] == [True, False]
    assert reason(desk.land(orders(10))) is None
    assert str(reason(desk.land(orders(19)))).startswith("volume: expected 4 to 18 records")


def test_a_cursor_that_goes_back_is_refused(desk: Desk) -> None:
    for number, at in enumerate(
        ["2026-01-02T00:00:00Z", "2026-01-02T00:00:00Z", "2026-01-02T02:00:00+01:00"]
    ):
        assert (
            reason(desk.land([order(number)], kind="differential", cursor={"since": at, "tip": "x"})) is None
        )
    back = {"since": "2026-01-02T00:59:59Z", "tip": "a"}
    refused = desk.land([order(9)], kind="differential", cursor=back)
    assert reason(refused) == "cursor: expected to move forward, found since went back"


def test_a_cursor_that_leaves_a_gap_is_refused(desk: Desk) -> None:
    desk.land([order(1)], kind="differential", cursor={"page": 1})
    with desk.archive.draft() as draft:
        draft.add(order(3))
        desk.archive.write(
            draft, contract=desk.contract, stream="orders", scope={"region": "eu"}, kind="differential",
            previous=1, last_number=1, extracted_from=desk.outcomes[0].loads[0].manifest.extracted_from,
            cursor_before={"page": 2}, cursor_after={"page": 3},
        )  # fmt: skip
    refused = desk.extractor.land_waiting("orders")
    assert reason(refused) == (
        "cursor: expected to go on where the batch before it ended, found another beginning"
    )


def test_what_is_read_again_in_a_rejected_batch_s_stead_begins_where_that_began(desk: Desk) -> None:
    desk.land(orders(4), cursor={"page": 1})
    assert desk.land([], cursor={"page": 2}).refusals  # everything would vanish
    manifest = desk.archive.manifest("shop", "orders", 2)
    desk.archive.decide(
        manifest, Decision(verdict="reject", who="ann", why="empty", decided_at=manifest.extracted_until)
    )
    assert reason(desk.land(orders(4), cursor={"page": 2})) is None


# --- In the check ------------------------------------------------------------------------------------------

NEWEST = "(select max(load_id) from landing.loads)"
BREAKS: dict[str, list[str]] = {
    "keys": [
        f"insert into raw_shop.orders select * from raw_shop.orders where load_id = {NEWEST} limit 1",
        "update landing.loads set records_written = 2, records_unchanged = 2 where batch = 5",
    ],
    "documents": [f"update raw_shop.orders set record_key = 'other' where load_id = {NEWEST}"],
    "counts": ["update landing.loads set records_quarantined = 1, records_unchanged = 1 where batch = 5"],
    "schema": [
        f"""update raw_shop.orders set record = record || '{{"amount": "1"}}' where load_id = {NEWEST}"""
    ],
    "quarantine": [
        """
        insert into landing.quarantine
        select 'shop', 'orders', 5, n, null, '$', 'x' from generate_series(1, 2) as n
        """,
        "update landing.loads set records_quarantined = 2 where batch = 5",
    ],
    "volume": ["update landing.loads set records_read = 900 where batch = 5"],
    "scope": [
        "update landing.loads set records_deleted = 3, records_unchanged = 0 where batch = 5",
        """
        insert into landing.shop__orders
        select 'k' || n, l.load_id, null, true, l.load_id, l.load_id, gen_random_uuid()
        from landing.loads as l, generate_series(1, 3) as n where batch = 5
        """,
    ],
    "cursor": [
        """
        update landing.batches set manifest = manifest || '{"cursor_after": {"page": 0}}' where batch = 5
        """
    ],
    "reconciled": ["update landing.loads set reported_count = 7 where batch = 5"],
}


def prepared(desk: Desk) -> None:
    """Four loads that were found whole, and a fifth with one change that nobody has looked at yet."""
    for page in range(4):
        desk.land(orders(4), cursor={"page": page})
    assert examine(desk.connection, desk.contract.streams["orders"]).loads == 4
    desk.land([*orders(3), order(4, 4.0, sold_at="2026-01-02T00:00:00Z")], cursor={"page": 5})


def test_each_broken_promise_fails_exactly_its_part(desk: Desk) -> None:
    stream = desk.contract.streams["orders"]
    assert BREAKS.keys() == PARTS.keys()
    prepared(desk)
    for part, statements in BREAKS.items():
        with desk.connection.transaction(force_rollback=True):
            for statement in statements:
                assert desk.connection.execute(statement).rowcount > 0, statement
            first = examine(desk.connection, stream)
            assert [fault.part for fault in first.faults] == [part]
            assert first.faults[0].sample or part == "counts"
            assert examine(desk.connection, stream) == first  # until somebody mends it
            structure, accepted, _ = check_stream(desk.connection, stream)
            assert (structure.check_name, structure.passed) == (STRUCTURE, False)
            assert f"{part}: " in str(structure.metadata["found"].value)
            assert "docs/runbook.md#structure" in (structure.description or "")
            assert accepted.passed or part == "quarantine"
    good = check_stream(desk.connection, stream)
    assert [one.passed for one in good] == [True, True, False]
    assert examine(desk.connection, stream).loads == 0


class Counting(psycopg.Cursor[Any]):
    """Counts what it is told to execute."""

    executed = 0

    def execute(self, *arguments: Any, **more: Any) -> "Counting":
        Counting.executed += 1
        super().execute(*arguments, **more)
        return self


def test_what_was_found_whole_is_not_looked_at_again(desk: Desk) -> None:
    prepared(desk)
    stream = desk.contract.streams["orders"]
    check_stream(desk.connection, stream)
    desk.connection.cursor_factory = Counting
    Counting.executed = 0
    assert check_stream(desk.connection, stream)[0].passed
    assert Counting.executed == 3


# --- Accepted, and recent ----------------------------------------------------------------------------------


def evaluations(desk: Desk) -> dict[str, Any]:
    return {
        str(one.check_name): one for one in check_stream(desk.connection, desk.contract.streams["orders"])
    }


def test_a_refused_batch_calls_a_person_and_blocks_nothing(desk: Desk) -> None:
    desk.land(orders(4))
    desk.land([])
    found = evaluations(desk)
    assert found[STRUCTURE].passed
    assert not found[ACCEPTED].passed
    assert found[ACCEPTED].severity == AssetCheckSeverity.ERROR
    assert found[ACCEPTED].metadata["sample"].value == ["batch 2"]


def test_a_stream_that_was_tried_and_never_loaded_calls_a_person(desk: Desk) -> None:
    assert evaluations(desk)[ACCEPTED].passed  # nobody has asked for it yet
    tried = """
        insert into landing.attempts (source, stream, load_id, last_at, last_good_at, failure_count, run_id)
        values ('shop', 'orders', 1, now(), {}, 1, '')
    """
    for good_at, is_well in (("null", False), ("now()", True)):
        with desk.connection.transaction(force_rollback=True):
            desk.connection.execute(tried.format(good_at))
            assert evaluations(desk)[ACCEPTED].passed == is_well  # read well, and nothing was there
    assert desk.land([{}, {}]).refusals
    desk.connection.execute("update landing.batches set state = 'rejected'")
    found = evaluations(desk)[ACCEPTED]
    assert (found.passed, found.severity) == (False, AssetCheckSeverity.ERROR)
    assert str(found.metadata["found"].value).startswith("it never loaded")


def test_quarantine_warns_until_a_good_version_comes(desk: Desk) -> None:
    desk.land([order(1), {"region": "eu", "order_id": "2", "amount": "much"}], kind="differential")
    found = evaluations(desk)[ACCEPTED]
    assert (found.passed, found.severity) == (False, AssetCheckSeverity.WARN)
    assert found.metadata["sample"].value == ["1:2"]
    desk.land([order(3)], kind="differential")
    assert not evaluations(desk)[ACCEPTED].passed
    desk.land([order(2)], kind="differential")
    assert evaluations(desk)[ACCEPTED].passed
    desk.land([order(1), order(2), order(3), {"region": "eu", "amount": 1}])
    assert not evaluations(desk)[ACCEPTED].passed
    desk.land([order(1), order(2), order(3)])
    assert evaluations(desk)[ACCEPTED].passed


def test_recency_is_about_the_data_s_own_time(desk: Desk) -> None:
    assert evaluations(desk)[RECENCY].passed  # of nothing, nothing can be old
    now = datetime.now(UTC)

    def told(number: int, age: timedelta) -> tuple[bool, AssetCheckSeverity]:
        desk.land([order(number, sold_at=(now - age).isoformat())], kind="differential")
        recency = evaluations(desk)[RECENCY]
        return recency.passed, recency.severity

    late = (False, AssetCheckSeverity.WARN)
    assert told(1, timedelta(hours=49)) == late
    assert told(2, -timedelta(days=9)) == late  # a wrong clock says nothing
    assert told(3, timedelta(hours=25)) == late
    assert told(4, timedelta(hours=23))[0]
    assert told(5, timedelta(hours=49))[0]  # an old record takes nothing away
