"""Which thresholds are passed, from facts made by hand."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from observes_assets import contracts
from observes_assets.contracts import Contract
from observes_assets.incidents.facts import EndedRun, Facts, Failing, Quarantined, Refused, StreamFacts
from observes_assets.incidents.rules import KINDS, Finding, findings, schedule_stopped_at
from observes_assets.incidents.states import state_of

NOW = datetime(2024, 5, 3, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
SHOP = """
apiVersion: v3.1.0
kind: DataContract
id: shop
name: shop
version: 1.0.0
status: active
team:
  name: shop
  members:
    - {username: shopkeepers, role: owner}
    - {username: shop-pager, role: on-call}
schema:
  - name: orders
    logicalType: object
    properties:
      - {name: order_id, logicalType: string, required: true, primaryKey: true, primaryKeyPosition: 1}
slaProperties:
  - {property: frequency, value: "0 * * * *", element: orders}
  - {property: freshness, value: 2, valueExt: 10, unit: h, element: orders}
  - {property: escalation, value: 3, unit: h, element: orders}
"""
GOOD = StreamFacts("shop", "orders", loaded_at=NOW - HOUR, read_until=NOW - HOUR, tried_at=NOW - HOUR)
REFUSED = Refused(7, 2, NOW - HOUR, "5 of 9 records break the contract, 0 may")
FAILING = Failing(NOW - 2 * HOUR, 3, "The server refused access.", "run-9")


@pytest.fixture(scope="module")
def promises() -> dict[str, Contract]:
    return {"shop": contracts.parse("shop", SHOP.encode()), "observes": contracts.load("observes")}


def facts(known: StreamFacts = GOOD, **more: Any) -> Facts:
    return Facts(now=NOW, streams={("shop", "orders"): known}, begun_at=NOW - 100 * HOUR, **more)


def only(found: list[Finding]) -> Finding:
    (finding,) = found
    return finding


def test_nothing_is_found_where_all_is_well(promises: dict[str, Contract]) -> None:
    assert findings(facts(), promises) == []


def test_a_refused_batch_is_an_incident_at_once(promises: dict[str, Contract]) -> None:
    found = only(findings(facts(replace(GOOD, refused=REFUSED)), promises))
    assert (found.cause, found.severity) == ("refused_batch shop/orders", "incident")
    assert (found.about.owner, found.about.on_call) == ("shopkeepers", "shop-pager")
    assert found.title.startswith("Batch 7 and 1 more of shop/orders waits for a decision: 5 of 9 records")
    assert found.since == REFUSED.since


def test_quarantine_within_the_threshold_is_for_somebody_to_investigate(
    promises: dict[str, Contract],
) -> None:
    found = only(findings(facts(replace(GOOD, quarantined=Quarantined(2, NOW - HOUR))), promises))
    assert (found.cause, found.severity) == ("quarantine shop/orders", "warning")
    assert found.escalate_after == 3 * HOUR


def test_a_failing_extraction_is_a_warning_that_escalates(promises: dict[str, Contract]) -> None:
    found = only(findings(facts(replace(GOOD, failing=FAILING)), promises))
    assert (found.cause, found.severity) == ("failed_extraction shop/orders", "warning")
    assert found.title == "shop/orders can't be read: The server refused access."
    assert (found.run_id, found.since) == ("run-9", FAILING.since)


@pytest.mark.parametrize(
    ("hours", "state", "causes"),
    [
        (1, "fresh", []),
        (2, "fresh", []),
        (3, "late", []),
        (10, "late", []),
        (11, "broken", ["stale_stream shop/orders"]),
    ],
)
def test_a_stream_grows_late_and_then_stale(
    promises: dict[str, Contract], hours: int, state: str, causes: list[str]
) -> None:
    known = replace(GOOD, read_until=NOW - hours * HOUR)
    assert state_of(promises["shop"].streams["orders"].freshness, known, NOW) == state
    found = findings(facts(known), promises)
    assert [one.cause for one in found] == causes
    assert [one.since for one in found] == [NOW - HOUR for _ in causes]


def test_a_refused_batch_breaks_a_stream_however_fresh(promises: dict[str, Contract]) -> None:
    assert (
        state_of(promises["shop"].streams["orders"].freshness, replace(GOOD, refused=REFUSED), NOW)
        == "broken"
    )


def test_the_words_of_a_stale_stream_do_not_grow_older(promises: dict[str, Contract]) -> None:
    known = replace(GOOD, read_until=NOW - 20 * HOUR)
    now, later = facts(known), replace(facts(known), now=NOW + HOUR / 4)
    assert findings(now, promises) == findings(later, promises)


class TestNeverLoaded:
    def test_it_is_told_once_the_time_is_up(self, promises: dict[str, Contract]) -> None:
        known = StreamFacts("shop", "orders", tried_at=NOW - HOUR, failing=FAILING)
        assert state_of(promises["shop"].streams["orders"].freshness, known, NOW) == "never loaded"
        causes = {one.cause for one in findings(facts(known), promises)}
        assert causes == {"never_loaded shop/orders", "failed_extraction shop/orders"}
        young = replace(facts(known), begun_at=NOW - 9 * HOUR)
        assert {one.cause for one in findings(young, promises)} == {"failed_extraction shop/orders"}

    def test_a_source_that_is_not_used_breaks_nothing(self, promises: dict[str, Contract]) -> None:
        unused = facts(StreamFacts("shop", "orders"))
        assert [one.kind for one in findings(unused, promises)] == []


class TestPlatform:
    def test_failed_checks_are_one_incident(self, promises: dict[str, Contract]) -> None:
        found = only(findings(facts(failed_checks=tuple("abcdefg")), promises))
        assert (found.cause, found.severity) == ("failed_check", "incident")
        assert found.title == "The candidate is not published: a, b, c, d, e and 2 more failed."
        assert found.about.owner == promises["observes"].owner

    def test_stale_bills_are_counted_and_nobody_is_named(self, promises: dict[str, Contract]) -> None:
        found = only(findings(facts(stale_bills=2), promises))
        assert (found.cause, found.severity) == ("stale_bills", "warning")
        assert found.title == "Bills could not be made anew, organizations: 2."

    def test_a_dead_run_is_an_incident_and_a_failed_one_a_warning(
        self, promises: dict[str, Contract]
    ) -> None:
        dead = EndedRun("ingest", "run-1", NOW - HOUR, is_dead=True)
        failed = EndedRun("bills", "run-2", NOW - HOUR, is_dead=False)
        found = findings(facts(runs=(dead, failed)), promises)
        assert [(one.cause, one.severity, one.run_id) for one in found] == [
            ("dead_run ingest", "incident", "run-1"),
            ("failed_run bills", "warning", "run-2"),
        ]

    def test_one_cause_has_one_incident(self, promises: dict[str, Contract]) -> None:
        """A run that failed because a vendor did is told as the vendor's failure, and not once more."""
        failed = EndedRun("ingest", "run-9", NOW - HOUR, is_dead=False)
        found = findings(facts(replace(GOOD, failing=FAILING), runs=(failed,)), promises)
        assert [one.kind for one in found] == ["failed_extraction"]
        gate = EndedRun("release", "run-3", NOW - HOUR, is_dead=False)
        found = findings(facts(failed_checks=("a",), runs=(gate,)), promises)
        assert [one.kind for one in found] == ["failed_check"]

    @pytest.mark.parametrize(("minutes", "is_stopped"), [(61, False), (149, False), (151, True)])
    def test_a_timetable_that_misses_two_turns_has_stopped(
        self, promises: dict[str, Contract], minutes: int, is_stopped: bool
    ) -> None:
        """Tried at 10:00 sharp: turns at 11:00 and 12:00 were missed, and half an hour is for the run."""
        tried_at = NOW - 2 * HOUR
        known = replace(GOOD, read_until=tried_at, tried_at=tried_at)
        now = tried_at + timedelta(minutes=minutes)
        found = findings(replace(facts(known), now=now), promises)
        assert [(one.kind, one.since) for one in found] == [("stopped_schedule", tried_at)] * is_stopped

    def test_one_living_stream_tells_that_the_timetable_lives(self, promises: dict[str, Contract]) -> None:
        old = replace(GOOD, tried_at=NOW - 9 * HOUR)
        alive = StreamFacts("observes", "releases", read_until=NOW, tried_at=NOW - HOUR)
        known = {("shop", "orders"): old, ("observes", "releases"): alive}
        assert schedule_stopped_at(replace(facts(), streams=known), promises) is None
        assert schedule_stopped_at(facts(old), promises) == old.tried_at


def test_every_kind_is_found_by_some_fact(promises: dict[str, Contract]) -> None:
    run = EndedRun("bills", "r", NOW - 20 * HOUR, is_dead=True)
    failed = replace(run, job="release", is_dead=False)
    worst = replace(
        GOOD,
        refused=REFUSED,
        quarantined=Quarantined(1, NOW),
        failing=FAILING,
        read_until=NOW - 20 * HOUR,
        tried_at=NOW - 20 * HOUR,
    )
    found = findings(facts(worst, stale_bills=1, runs=(run, failed)), promises)
    found += findings(facts(failed_checks=("a",), broken_erasure=(3, NOW)), promises)
    found += findings(facts(StreamFacts("shop", "orders", tried_at=NOW)), promises)
    assert {one.kind for one in found} == set(KINDS)
