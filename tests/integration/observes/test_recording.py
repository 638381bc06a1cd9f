"""What people and Observes decide lies in the bucket first, and a database that starts anew has it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import msgspec
import psycopg
import pytest
from psycopg.types.json import Jsonb

from observes_assets.archive import Decision
from observes_assets.billing.closings import record_closings
from observes_assets.billing.records import MonthOutcome, Status
from observes_assets.billing.revisions import corrected, month_to_date
from observes_assets.billing.rules import compute_month
from observes_assets.billing.store import BillStore
from observes_assets.errors import BusyError, PermanentError, PublishRefusedError
from observes_assets.extraction import Extractor, Reading
from observes_assets.landing.rebuild import forget
from observes_assets.postgres.connect import ensure_database
from observes_assets.sources.observes import copies
from observes_assets.sources.observes.assets import look
from observes_assets.sources.observes.recording import attempts
from observes_assets.sources.observes.streams import held_or_resumed
from observes_assets.warehouse import build, holding
from tests.integration.observes.conftest import NOON, Watchtower
from tests.unit.billing.billing_facts import MAY, author, facts, terms


def test_a_record_is_in_the_bucket_and_landed(tower: Watchtower) -> None:
    hold = held_or_resumed("hold", release=3, who="ann", why="wrong authors", at=NOON)
    outcome = tower.record("decisions", hold)
    assert outcome.written == 1
    assert list(tower.installation.bucket.names("archive/observes/decisions/"))
    assert tower.one("select record ->> 'verdict' from raw_observes.decisions") == "hold"
    assert tower.rows("select who, why, held_at from landing.hold") == [("ann", "wrong authors", NOON)]


def test_a_hold_ends_with_the_resume(tower: Watchtower) -> None:
    tower.record("decisions", held_or_resumed("hold", release=3, who="ann", why="wrong", at=NOON))
    later = NOON + timedelta(hours=1)
    tower.record("decisions", held_or_resumed("resume", release=4, who="bob", why=None, at=later))
    assert tower.rows("select * from landing.hold") == []


def test_a_hold_outlives_a_rebuild_and_the_database(
    tower: Watchtower, new_tower: Callable[..., Watchtower], embedded_server: object
) -> None:
    tower.record("decisions", held_or_resumed("hold", release=3, who="ann", why="wrong", at=NOON))
    forget(tower.connection, tower.installation.contracts)
    assert tower.one("select who from landing.hold") == "ann"  # also while the streams are empty
    other = new_tower(ensure_database(tower.installation.database_url, "another"))
    try:
        assert other.one("select count(*) from landing.hold") == 0
        with attempts(
            other.installation, other.connection, other.installation.contracts["observes"], "run"
        ) as extractor:
            look(extractor, "decisions")
            copies.bring_up_to_date(other.connection)
        assert other.one("select who from landing.hold") == "ann"
    finally:
        other.connection.close()
        tower.connection.execute("drop database another with (force)")


def test_releases_are_read_back_from_the_bucket_once(tower: Watchtower) -> None:
    bucket = tower.installation.bucket
    for number in (1, 2):
        record = {
            "release_number": number,
            "published_at": NOON.isoformat(),
            "as_of_batches": {"git/commits": {"last": number, "without": []}},
        }
        bucket.put_new(f"releases/{number:010}.json", msgspec.json.encode(record))
        with attempts(
            tower.installation, tower.connection, tower.installation.contracts["observes"], "run"
        ) as extractor:
            assert look(extractor, "releases").written == 1
            assert look(extractor, "releases").written == 0
    assert tower.rows("select record -> 'batches' from raw_observes.releases order by load_id") == [
        ({"git/commits": 1},),
        ({"git/commits": 2},),
    ]


class TestAttempts:
    def test_a_good_and_a_failed_scope_make_one_record(self, tower: Watchtower) -> None:
        contract = tower.installation.contracts["git"]
        with attempts(tower.installation, tower.connection, contract, "run 1") as extractor:
            with extractor.scope("commits", {"repository_id": "a", "branch": "main"}):
                pass
            with (
                pytest.raises(PermanentError),
                extractor.scope("commits", {"repository_id": "b", "branch": "main"}),
            ):
                raise PermanentError("It is gone.", "Correct `url`.")
        (record,) = tower.one("select array_agg(record) from raw_observes.extractions")
        assert (record["source"], record["stream"], record["run_id"]) == ("git", "commits", "run 1")
        assert (record["scope_count"], record["failed_scope_count"]) == (2, 1)
        assert record["reason"] == "It is gone."
        assert record["late_after_seconds"] == contract.streams["commits"].freshness.warn.total_seconds()

    def test_what_stops_a_source_is_a_failure_of_all_its_streams(self, tower: Watchtower) -> None:
        contract = tower.installation.contracts["git"]
        for run in ("run 1", "run 2"):
            with (
                pytest.raises(ValueError, match="secret"),
                attempts(tower.installation, tower.connection, contract, run),
            ):
                raise ValueError("secret")
        found = tower.rows(
            "select stream, failure_count, reason, run_id, last_good_at from landing.attempts order by 1"
        )
        assert found == [(name, 2, "ValueError", "run 2", None) for name in sorted(contract.streams)]

    def test_a_good_attempt_ends_a_row_of_failures(self, tower: Watchtower) -> None:
        contract = tower.installation.contracts["portfolio"]
        for run, failure in (("1", PermanentError("No file.")), ("2", None), ("3", PermanentError("Cut."))):
            try:
                with (
                    attempts(tower.installation, tower.connection, contract, run) as extractor,
                    extractor.scope("portfolio", {}),
                ):
                    if failure:
                        raise failure
            except PermanentError:
                pass
        good, since, count, reason = tower.one(
            "select last_good_at, failing_since, failure_count, reason from landing.attempts"
        )
        assert (count, reason) == (1, "Cut.")
        assert good < since

    def test_copied_at_once_or_one_by_one_is_the_same(self, tower: Watchtower) -> None:
        self.test_a_good_attempt_ends_a_row_of_failures(tower)
        columns = "source, stream, last_at, last_good_at, failing_since, failure_count, reason, run_id"
        before = tower.rows(f"select {columns} from landing.attempts")
        tower.connection.execute("truncate landing.attempts")
        copies.bring_up_to_date(tower.connection)
        assert tower.rows(f"select {columns} from landing.attempts") == before

    def test_what_says_nothing_about_the_vendor_is_not_recorded(self, tower: Watchtower) -> None:
        contract = tower.installation.contracts["portfolio"]
        with (
            pytest.raises(BusyError),
            attempts(tower.installation, tower.connection, contract, "1") as extractor,
            extractor.scope("portfolio", {}),
        ):
            raise BusyError("Somebody was first.")
        assert tower.one("select count(*) from raw_observes.extractions") == 0


def test_records_of_our_own_call_for_no_build_until_a_day_later(tower: Watchtower) -> None:
    identity = build.identity(tower.connection, tower.installation.contracts)
    quiet = build.quiet_streams(tower.installation.contracts)
    tower.connection.execute(
        "insert into landing.releases (release_number, state, as_of, inputs_sha256, record, published_at) "
        "values (1, 'published', 0, %s, '{}', now())",
        [identity.sha256],
    )
    tower.record("decisions", held_or_resumed("hold", release=1, who="ann", why="wrong", at=NOON))
    assert build.is_due(tower.connection, identity)
    assert not build.is_due(tower.connection, identity, quiet)
    tower.connection.execute("update landing.loads set landed_at = now() - interval '25 hours'")
    assert build.is_due(tower.connection, identity, quiet)


def test_two_that_record_wait_for_each_other(tower: Watchtower) -> None:
    with tower.installation.connect("another") as other:
        copies.bring_up_to_date(other)
        tower.record("decisions", held_or_resumed("hold", release=1, who="ann", why="wrong", at=NOON))
        with other.transaction(), tower.connection.transaction():
            other.execute("lock table landing.attempts in share row exclusive mode")
            tower.connection.execute("set local lock_timeout = '50ms'")
            with pytest.raises(psycopg.errors.LockNotAvailable):
                copies.bring_up_to_date(tower.connection)


def test_closed_months_are_recorded_once_with_their_corrections(tower: Watchtower) -> None:
    closes_at = datetime(2024, 6, 5, tzinfo=UTC)
    store, spans = BillStore(tower.installation.bucket), [terms("a"), terms("b")]
    first = month_to_date(
        compute_month(facts(spans, [author("a")])),
        now=closes_at,
        closes_at=closes_at,
        missing=(),
        code_version="c1",
    )
    store.put(first, None, ())

    def recorded(revision: int, status: Status = "closed") -> int:
        outcome = MonthOutcome(MAY, status, revision, "unchanged")
        return record_closings(tower.installation, tower.connection, [outcome], "run")

    assert recorded(1, "open") == 0
    assert recorded(1) == 1
    assert recorded(1) == 0
    second = corrected(compute_month(facts(spans, [author("b")])), first, code_version="c1")
    store.put(second, store.summary(MAY), store.listing()[MAY])
    assert recorded(2) == 2  # both revisions are told, and the first one's record is not written again
    rows = tower.rows("select record from raw_observes.closings order by load_id, line")
    assert [(row[0]["month"], row[0]["revision"], row[0]["directory"]) for row in rows] == [
        ("2024-05", 1, first.revisions[0].directory),
        ("2024-05", 2, second.revisions[1].directory),
    ]


def test_a_decision_that_a_kill_left_unrecorded_is_made_good(tower: Watchtower) -> None:
    portfolio = Extractor(
        tower.connection, tower.installation.archive, tower.installation.contracts["portfolio"], "run"
    )
    with portfolio.scope("portfolio", {}) as start:
        outcome = portfolio.extract("portfolio", {}, start, Reading("complete", [{"name": "portfolio"}]))
    decision = Decision(verdict="reject", who="ann", why="cut short", decided_at=NOON)
    assert tower.installation.archive.decide(outcome.refusals[0].manifest, decision)
    portfolio.land_waiting("portfolio")
    own = Extractor(
        tower.connection, tower.installation.archive, tower.installation.contracts["observes"], "run"
    )
    assert look(own, "decisions").written == 1
    assert look(own, "decisions").written == 0
    record = tower.one("select record from raw_observes.decisions")
    assert (record["verdict"], record["source"], record["batch"]) == ("reject", "portfolio", 1)


def test_a_rollback_is_a_decision_before_it_is_done(tower: Watchtower) -> None:
    with pytest.raises(PublishRefusedError):
        holding.roll_back(tower.installation, tower.connection, 3, who="ann", why="wrong")
    assert tower.one("select count(*) from raw_observes.decisions") == 0
    for number in (1, 2):
        tower.connection.execute(f"create schema release_{number}")
        tower.connection.execute(
            "insert into landing.releases "
            "(release_number, state, as_of, inputs_sha256, record, published_at) "
            "values (%s, 'published', 0, '', %s, now())",
            [number, Jsonb({"marts": {}, "published_at": NOON.isoformat()})],
        )
    holding.roll_back(tower.installation, tower.connection, 1, who="ann", why="wrong")
    assert tower.one("select release_number from warehouse.release") == 1
    assert tower.one("select who, why from landing.hold") == ("ann", "wrong")
    assert holding.resume(tower.installation, tower.connection, None, who="bob") == 2
    assert tower.one("select count(*) from landing.hold") == 0
    verdicts = tower.rows(
        "select record ->> 'verdict', record ->> 'release' from raw_observes.decisions order by load_id"
    )
    assert verdicts == [("hold", "1"), ("resume", "2")]
