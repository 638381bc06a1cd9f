"""Incidents from opening to closing, with a clock of the test's own and people at a real address."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from observes_assets.archive import Decision
from observes_assets.cli.app import app
from observes_assets.errors import BusyError, PermanentError
from observes_assets.extraction import Extractor, Reading
from observes_assets.incidents import register
from observes_assets.incidents.watch import Watched, watch
from observes_assets.landing import pending
from observes_assets.landing.rebuild import forget
from observes_assets.postgres.connect import ensure_database
from observes_assets.postgres.locks import WATCH, session_lock
from observes_assets.sources.observes.recording import attempts
from tests.integration.observes.conftest import NOON, Receiver, Watchtower

HOUR = timedelta(hours=1)


def watch_at(tower: Watchtower, at: datetime) -> Watched:
    return watch(tower.installation, tower.connection, clock=lambda: at)


def open_causes(watched: Watched) -> list[str]:
    return sorted(one.cause for one in watched.incidents)


def test_a_failing_vendor_from_the_first_failure_to_the_next_good_load(
    manned: Watchtower, receiver: Receiver
) -> None:
    for hours in range(5):
        manned.attempt(NOON + hours * HOUR, failure="The server refused access.")
        watched = watch_at(manned, NOON + hours * HOUR)
        assert open_causes(watched) == ["failed_extraction git/commits", "failed_extraction git/observations"]
    assert receiver.titles == [
        "Warning opened: git/commits, failed extraction",
        "Warning opened: git/observations, failed extraction",
        "Incident escalated: git/commits, failed extraction",
        "Incident escalated: git/observations, failed extraction",
    ]
    assert {one.since for one in watched.incidents} == {NOON}
    assert {one.severity for one in watched.incidents} == {"incident"}
    assert not watched.is_well

    manned.attempt(NOON + 5 * HOUR)
    watched = watch_at(manned, NOON + 5 * HOUR)
    assert watched.incidents == []
    assert watched.is_well
    assert receiver.titles[4:] == [
        "Incident is over: git/commits, failed extraction",
        "Incident is over: git/observations, failed extraction",
    ]
    watch_at(manned, NOON + 5 * HOUR)
    assert len(receiver.messages) == 6


def test_a_message_leads_to_the_runbook_and_the_run_and_holds_no_secret(
    manned: Watchtower, receiver: Receiver
) -> None:
    manned.attempt(NOON, failure="The server refused access.")
    (incident, _) = watch_at(manned, NOON).incidents
    message = receiver.messages[0]["message"]
    for part in ("since: 2024-05-03 12:00 utc", "#incident-failed-extraction", "run-1", incident.incident_id):
        assert part in message.lower()
    assert "secret-of-the-url" not in json.dumps(receiver.messages)


def test_whom_a_vendor_names_is_told_to_nobody(manned: Watchtower, receiver: Receiver) -> None:
    contract = manned.installation.contracts["portfolio"]
    said = f"Account jane@acme.example is suspended, see https://jane:pass@host/?key=ghp_{'a' * 36}."
    with (
        pytest.raises(PermanentError),
        attempts(manned.installation, manned.connection, contract, "run-1") as extractor,
        extractor.scope("portfolio", {}),
    ):
        raise PermanentError(said)
    (incident,) = watch_at(manned, NOON).incidents
    assert "Account […@…] is suspended" in incident.title
    told = json.dumps([receiver.messages, manned.rows("select record from raw_observes.extractions")])
    assert "suspended" in told
    for secret in ("jane", "acme", "pass@", "ghp_"):
        assert secret not in told


def test_who_does_not_answer_is_told_by_the_next_watch(manned: Watchtower, receiver: Receiver) -> None:
    receiver.answer = 500
    manned.attempt(NOON, failure="No answer.")
    watched = watch_at(manned, NOON)
    assert (watched.untold, watched.is_well, receiver.messages) == (2, False, [])
    assert receiver.beats == 0, "an evaluation of which nobody hears is no sign of life"
    receiver.answer = 200
    watched = watch_at(manned, NOON + HOUR / 6)
    assert (watched.untold, len(receiver.messages), receiver.beats) == (0, 2, 1)
    watch_at(manned, NOON + HOUR / 3)
    assert len(receiver.messages) == 2


def test_what_ended_before_anybody_heard_is_told_with_its_end(manned: Watchtower, receiver: Receiver) -> None:
    receiver.answer = 500
    manned.attempt(NOON, failure="No answer.")
    watch_at(manned, NOON)
    manned.attempt(NOON + HOUR)
    watch_at(manned, NOON + HOUR)
    receiver.answer = 200
    watch_at(manned, NOON + 2 * HOUR)
    assert [title.partition(":")[0] for title in receiver.titles] == ["Warning opened", "Warning is over"] * 2


def test_the_pager_hears_of_incidents_only(tower: Watchtower, receiver: Receiver) -> None:
    tower.installation.settings.on_call_urls = SecretStr(f"json://{receiver.address}?cto=60&rto=60")
    tower.attempt(NOON, failure="No answer.")
    watch_at(tower, NOON)
    assert receiver.messages == []
    tower.attempt(NOON + 4 * HOUR, failure="No answer.")
    watch_at(tower, NOON + 4 * HOUR)
    assert [title.partition(":")[0] for title in receiver.titles] == ["Incident escalated"] * 2


def test_a_wrong_address_is_a_problem_and_stops_nothing(tower: Watchtower) -> None:
    tower.installation.settings.notify_urls = SecretStr("nonsense://a-secret")
    tower.attempt(NOON, failure="No answer.")
    watched = watch_at(tower, NOON)
    assert len(watched.incidents) == 2
    assert "OBSERVES_NOTIFY_URLS" in watched.problems[0]
    assert "a-secret" not in " ".join(watched.problems)
    assert not watched.has_succeeded


class TestHeartbeat:
    def test_it_is_sent_while_the_timetable_lives(self, manned: Watchtower, receiver: Receiver) -> None:
        manned.attempt(NOON)
        assert watch_at(manned, NOON + HOUR).heartbeat is True
        assert receiver.beats == 1

    def test_it_stays_away_when_nobody_extracts_any_more(
        self, manned: Watchtower, receiver: Receiver
    ) -> None:
        manned.attempt(NOON)
        watched = watch_at(manned, NOON + 3 * HOUR)
        assert open_causes(watched) == ["stopped_schedule"]
        assert not watched.is_schedule_alive
        assert receiver.beats == 0
        assert receiver.titles == ["Incident opened: Observes, stopped schedule"]

    def test_it_stays_away_before_anything_was_tried(self, manned: Watchtower, receiver: Receiver) -> None:
        watch_at(manned, NOON)
        assert receiver.beats == 0

    def test_an_open_incident_is_no_reason_against_it(self, manned: Watchtower, receiver: Receiver) -> None:
        manned.attempt(NOON, failure="No answer.")
        assert watch_at(manned, NOON).heartbeat is True

    def test_a_switch_that_does_not_answer_is_not_well(self, manned: Watchtower, receiver: Receiver) -> None:
        manned.attempt(NOON)
        receiver.answer = 500
        watched = watch_at(manned, NOON)
        assert (watched.heartbeat, watched.is_well) == (False, False)


def test_a_stream_that_is_not_read_for_too_long(tower: Watchtower) -> None:
    tower.attempt(NOON)
    tower.attempt(NOON + 51 * HOUR, source="portfolio")
    watched = watch_at(tower, NOON + 51 * HOUR)
    assert open_causes(watched) == ["stale_stream git/commits", "stale_stream git/observations"]
    assert {one.since for one in watched.incidents} == {NOON + 50 * HOUR}


def test_a_refused_batch_from_its_refusal_to_the_decision(tower: Watchtower) -> None:
    extractor = Extractor(
        tower.connection, tower.installation.archive, tower.installation.contracts["portfolio"], "run-7"
    )
    with extractor.scope("portfolio", {}) as start:
        outcome = extractor.extract("portfolio", {}, start, Reading("complete", [{"name": "portfolio"}]))
    now = tower.one("select refused_at from landing.refusals")
    watched = watch_at(tower, now)
    assert open_causes(watched) == ["refused_batch portfolio/portfolio"]
    (incident,) = watched.incidents
    assert (incident.severity, incident.since) == ("incident", now)
    assert incident.owner == tower.installation.contracts["portfolio"].owner
    decision = Decision(verdict="reject", who="ann", why="cut", decided_at=now)
    assert tower.installation.archive.decide(outcome.refusals[0].manifest, decision)
    extractor.land_waiting("portfolio")
    assert watch_at(tower, now).incidents == []


def test_failed_checks_of_the_newest_build(tower: Watchtower) -> None:
    tower.connection.execute("update landing.build set state = 'failed', invocation_id = 'one'")
    tower.connection.execute(
        "insert into landing.check_results (invocation_id, check_name, is_blocking, status) values "
        "('one', 'sums', true, 'fail'), ('one', 'hints', false, 'warn'), ('one', 'after', true, 'skipped'), "
        "('one', 'keys', true, 'pass'), ('before', 'keys', true, 'fail')"
    )
    (incident,) = watch_at(tower, NOON).incidents
    assert incident.title == "The candidate is not published: sums failed."
    tower.connection.execute("update landing.build set state = 'built'")
    assert watch_at(tower, NOON).incidents == []


class TestMemory:
    def test_an_incident_is_in_the_bucket_and_in_postgres(self, tower: Watchtower) -> None:
        tower.attempt(NOON, failure="No answer.")
        watch_at(tower, NOON)
        assert list(tower.installation.bucket.names("archive/observes/incidents/"))
        assert tower.one("select count(*) from landing.incidents where closed_at is null") == 2

    def test_a_rebuild_and_a_new_database_know_it_and_open_no_second_one(
        self, tower: Watchtower, new_tower: Callable[..., Watchtower]
    ) -> None:
        tower.attempt(NOON, failure="No answer.")
        before = watch_at(tower, NOON).incidents
        forget(tower.connection, tower.installation.contracts)
        assert watch_at(tower, NOON).incidents == before
        other = new_tower(ensure_database(tower.installation.database_url, "another"))
        try:
            assert watch_at(other, NOON).incidents == before
        finally:
            other.connection.close()
            tower.connection.execute("drop database another with (force)")

    def test_a_watch_that_was_killed_before_it_landed_is_made_good(
        self, tower: Watchtower, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        tower.attempt(NOON, failure="No answer.")
        with monkeypatch.context() as patch:

            def die(*_arguments: Any, **_named: Any) -> None:
                raise KeyboardInterrupt

            patch.setattr(pending, "land_pending", die)
            with pytest.raises(KeyboardInterrupt):
                watch_at(tower, NOON)
        watched = watch_at(tower, NOON)
        assert len(watched.incidents) == 2


def test_one_watch_at_a_time(tower: Watchtower) -> None:
    with (
        tower.installation.connect("another watch") as other,
        session_lock(other, WATCH),
        pytest.raises(BusyError, match="another watch"),
    ):
        watch_at(tower, NOON)


class TestCommands:
    def call(self, tower: Watchtower, *arguments: str) -> Any:
        settings = tower.installation.settings
        assert settings.postgres_url is not None
        assert settings.pseudonym_key is not None
        environment = {
            "OBSERVES_HOME": str(settings.home),
            "OBSERVES_POSTGRES_URL": settings.postgres_url.get_secret_value(),
            "OBSERVES_BUCKET_URL": settings.bucket,
            "OBSERVES_PSEUDONYM_KEY": settings.pseudonym_key.get_secret_value(),
        }
        return CliRunner().invoke(app, arguments, env=environment, catch_exceptions=False)

    def test_watch_tells_by_its_exit_code(self, tower: Watchtower) -> None:
        now = tower.one("select clock_timestamp()")
        tower.attempt(now)
        well = self.call(tower, "watch", "--json")
        assert (well.exit_code, json.loads(well.stdout)["ok"]) == (0, True)
        tower.attempt(now, failure="No answer.", source="portfolio")
        warned = self.call(tower, "watch")
        assert warned.exit_code == 0
        assert "portfolio/portfolio can't be read" in warned.stdout
        tower.connection.execute(
            'update landing.incidents set record = record || \'{"severity": "incident"}\''
        )
        broken = self.call(tower, "watch", "--json")
        assert (broken.exit_code, json.loads(broken.stdout)["ok"]) == (1, False)

    def test_incidents_are_listed_shown_and_taken_on(self, tower: Watchtower) -> None:
        tower.attempt(NOON, failure="No answer.", source="portfolio")
        (incident,) = watch_at(tower, NOON).incidents
        (listed,) = json.loads(self.call(tower, "incident", "list", "--json").stdout)
        assert listed["incident_id"] == incident.incident_id
        assert self.call(tower, "incident", "acknowledge", incident.incident_id).exit_code == 0
        shown = json.loads(self.call(tower, "incident", "show", incident.incident_id, "--json").stdout)
        assert shown["acknowledged_by"]
        assert shown["runbook"].endswith("#incident-failed-extraction")
        tower.attempt(NOON + 9 * HOUR, failure="No answer.", source="portfolio")
        assert [one.severity for one in watch_at(tower, NOON + 9 * HOUR).incidents] == ["warning"]

    def test_status_shows_states_and_incidents(self, tower: Watchtower) -> None:
        now = tower.one("select clock_timestamp()")
        tower.attempt(now - 27 * HOUR)
        tower.attempt(now, source="portfolio", failure="No answer.")
        watch_at(tower, now)
        document = json.loads(self.call(tower, "status", "--json").stdout)
        states = {f"{one['source']}/{one['stream']}": one["state"] for one in document["streams"]}
        assert states["git/commits"] == "late"
        assert states["portfolio/portfolio"] == "never loaded"
        assert [one["kind"] for one in document["incidents"]] == ["failed_extraction"]
        text = self.call(tower, "status").stdout
        assert "No release is on show yet." in text
        assert "portfolio/portfolio can't be read" in text
        assert register.open_incidents(tower.connection)
