"""An attempt that a kill broke off is recorded by whoever comes next: once, as failed, and in its place."""

from typing import Any

import psycopg
import pytest

from observes_assets.errors import BusyError
from observes_assets.extraction import Reading
from observes_assets.incidents.watch import watch
from observes_assets.postgres.locks import session_lock
from observes_assets.postgres.roles import LOADER, acting
from observes_assets.sources.observes import recording
from observes_assets.sources.observes.recording import attempts, record_broken_off
from observes_assets.sources.observes.underway import BROKEN_OFF
from tests.integration.erasure.conftest import PORTFOLIO
from tests.integration.observes.conftest import Watchtower

_RECORDED = """
    select record ->> 'stream', record ->> 'run_id', record ->> 'reason', record ->> 'failed_scope_count'
    from raw_observes.extractions order by load_id, line
"""


def break_off(tower: Watchtower, source: str, run_id: str, *, lands: dict[str, Any] | None = None) -> None:
    """An attempt whose process dies in the middle: its session goes, and nothing of its own runs any more."""
    connection = tower.installation.connect("doomed", role=LOADER)
    doomed = attempts(tower.installation, connection, tower.installation.contracts[source], run_id)
    extractor = doomed.__enter__()
    if lands:
        with extractor.scope("portfolio", {}) as start:
            extractor.extract("portfolio", {}, start, Reading("differential", [lands]))
    connection.close()
    doomed.gen.close()  # type: ignore[attr-defined]  # as if it had never been


def attempt(tower: Watchtower, source: str, run_id: str) -> None:
    contract = tower.installation.contracts[source]
    with attempts(tower.installation, tower.connection, contract, run_id) as extractor:
        for stream in contract.streams:
            with extractor.scope(stream, {}):
                pass


def test_the_next_attempt_of_the_source_records_it_first(tower: Watchtower) -> None:
    break_off(tower, "portfolio", "killed")
    attempt(tower, "portfolio", "next")
    assert tower.rows(_RECORDED) == [
        ("portfolio", "killed", BROKEN_OFF, "1"),
        ("portfolio", "next", None, "0"),
    ]
    assert tower.rows("select failing_since, failure_count, run_id from landing.attempts") == [
        (None, 0, "next")
    ]
    assert tower.rows("select * from landing.underway") == []


def test_a_watch_records_it_at_once_and_tells(tower: Watchtower) -> None:
    break_off(tower, "git", "killed")
    with acting(tower.connection, LOADER):
        watched = watch(tower.installation, tower.connection)
        assert watch(tower.installation, tower.connection).changed == []
    streams = sorted(tower.installation.contracts["git"].streams)
    assert [row[0] for row in tower.rows(_RECORDED)] == streams
    assert {(one.kind, one.stream, one.run_id) for one in watched.incidents} == {
        ("failed_extraction", stream, "killed") for stream in streams
    }


def test_what_had_landed_of_it_is_told(tower: Watchtower) -> None:
    break_off(tower, "portfolio", "killed", lands=PORTFOLIO)
    record_broken_off(tower.installation, tower.connection)
    found = tower.one("select record from raw_observes.extractions")
    assert (found["written_count"], found["changed_batch"]) == (1, 1)
    landed_at = tower.one("select landed_at from landing.loads where source = 'portfolio'")
    assert found["extracted_until"] == landed_at.isoformat()


def test_one_that_is_still_under_way_is_let_alone(tower: Watchtower) -> None:
    with (
        tower.installation.connect("another", role=LOADER) as other,
        attempts(tower.installation, other, tower.installation.contracts["git"], "living"),
    ):
        record_broken_off(tower.installation, tower.connection)
        assert tower.one("select run_id from landing.underway") == "living"
    assert tower.rows(_RECORDED) == []
    assert tower.rows("select * from landing.underway") == []


def test_killed_between_recording_and_forgetting_it_is_recorded_once(
    tower: Watchtower, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_off(tower, "git", "killed")
    whole = recording.record

    def dies_after(*arguments: Any, **named: Any) -> Any:
        whole(*arguments, **named)
        raise KeyboardInterrupt

    monkeypatch.setattr(recording, "record", dies_after)
    with pytest.raises(KeyboardInterrupt):
        record_broken_off(tower.installation, tower.connection)
    monkeypatch.undo()
    assert tower.one("select count(*) from landing.underway") == 1
    record_broken_off(tower.installation, tower.connection)
    assert len(tower.rows(_RECORDED)) == len(tower.installation.contracts["git"].streams)
    assert tower.one("select count(*) from landing.underway") == 0


def test_one_that_is_recorded_late_does_not_make_a_stream_fail_that_was_read_since(tower: Watchtower) -> None:
    break_off(tower, "portfolio", "killed")
    with (
        tower.installation.connect("about to record it, and slow") as slow,
        session_lock(slow, "underway/portfolio/killed"),
    ):
        attempt(tower, "portfolio", "next")
    record_broken_off(tower.installation, tower.connection)
    assert tower.rows("select failing_since, failure_count, reason, run_id from landing.attempts") == [
        (None, 0, None, "next")
    ]


def test_what_somebody_else_was_first_at_was_no_attempt(tower: Watchtower) -> None:
    contract = tower.installation.contracts["portfolio"]
    with pytest.raises(BusyError), attempts(tower.installation, tower.connection, contract, "1"):
        raise BusyError("Somebody was first.")
    assert tower.rows("select * from landing.underway") == []


def test_a_lost_postgres_leaves_it_to_the_next(tower: Watchtower) -> None:
    contract = tower.installation.contracts["portfolio"]
    with tower.installation.connect("ended", role=LOADER) as connection:
        session = connection.info.backend_pid
        lost = attempts(tower.installation, connection, contract, "cut off")
        with pytest.raises(psycopg.OperationalError), lost:
            tower.one("select pg_terminate_backend(%s)", [session]) and connection.execute("select 1")
    attempt(tower, "portfolio", "next")
    assert [row[1:3] for row in tower.rows(_RECORDED)] == [("cut off", BROKEN_OFF), ("next", None)]
