"""One evaluation: gather, judge, write down, tell, and give a sign of life."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import psycopg
from psycopg import Connection

from observes_assets.billing.job import look_ahead
from observes_assets.errors import ObservesError
from observes_assets.incidents import heartbeat, lifecycle, notifying, reading, register, rules
from observes_assets.incidents.facts import Facts
from observes_assets.incidents.lifecycle import Incident
from observes_assets.incidents.runs import read_runs
from observes_assets.installation import Installation
from observes_assets.postgres.locks import WATCH, session_lock
from observes_assets.postgres.roles import BILLING, acting


@dataclass
class Watched:
    """What an evaluation found and did.

    Args:
        incidents: that are open now.
        changed: that opened, escalated, closed or have other words.
        untold: turns of incidents of which some service could not be told; the next evaluation tries again.
        problems: parts of the evaluation that failed, in words for a person.
        heartbeat: whether the dead-man switch took the sign of life; None: none was due, or no URL is set.
    """

    evaluated_at: datetime
    is_schedule_alive: bool = False
    incidents: list[Incident] = field(default_factory=list)
    changed: list[Incident] = field(default_factory=list)
    untold: int = 0
    problems: list[str] = field(default_factory=list)
    heartbeat: bool | None = None

    @property
    def has_succeeded(self) -> bool:
        """Whether everything was evaluated, and everybody told."""
        return not self.problems and not self.untold

    @property
    def is_well(self) -> bool:
        """Whether it has succeeded, and no incident is open; warnings may be."""
        open_ones = [one for one in self.incidents if one.severity == "incident"]
        return self.has_succeeded and not open_ones and self.heartbeat is not False


def watch(
    installation: Installation,
    connection: Connection,
    *,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    run_id: str = "",
) -> Watched:
    """Evaluate once. Safe to call at any time and as often as one likes.

    Args:
        connection: autocommits.
        clock: gives the time of the evaluation (UTC).

    Raises:
        BusyError: another process evaluates at this moment.
    """
    with session_lock(connection, WATCH, wait=False, what="The watch"):
        register.catch_up(installation, connection)
        watched = Watched(clock())
        facts, unknown = _gather(installation, connection, watched)
        found = rules.findings(facts, installation.contracts)
        standing = [one for one in register.open_incidents(connection) if one.kind not in unknown]
        watched.changed = lifecycle.changes(found, standing, watched.evaluated_at)
        register.write(installation, connection, watched.changed, run_id=run_id)
        _tell(installation, connection, watched, run_id)
        watched.incidents = register.open_incidents(connection)
    stopped_at = rules.schedule_stopped_at(facts, installation.contracts)
    watched.is_schedule_alive = facts.begun_at is not None and stopped_at is None
    if watched.has_succeeded and watched.is_schedule_alive:
        watched.heartbeat = heartbeat.beat(installation.settings)
    return watched


def _gather(
    installation: Installation, connection: Connection, watched: Watched
) -> tuple[Facts, frozenset[str]]:
    """The facts, and the kinds of incidents about which nothing could be learned: these stay as they are."""
    names = [(one.source, stream) for one in installation.contracts.values() for stream in one.streams]
    facts = Facts(
        now=watched.evaluated_at,
        streams=reading.read_streams(connection, names),
        begun_at=reading.read_begun_at(connection),
        failed_checks=reading.read_failed_checks(connection),
        broken_erasure=reading.read_broken_erasure(connection),
    )
    unknown: frozenset[str] = frozenset()
    try:
        facts = replace(facts, runs=read_runs(installation, connection, facts.now))
    except (ObservesError, psycopg.Error) as error:
        watched.problems.append(f"Dagster's runs could not be read: {_words(error)}")
        unknown |= {"dead_run", "failed_run"}
    try:
        with acting(connection, BILLING):
            _, stops = look_ahead(connection, installation.bucket, now=facts.now)
        facts = replace(facts, stale_bills=len(stops))
    except (ObservesError, psycopg.Error) as error:
        watched.problems.append(f"Bills could not be judged: {_words(error)}")
        unknown |= {"stale_bills"}
    return facts, unknown


def _words(error: Exception) -> str:
    # A database's own words may quote a row.
    return error.message if isinstance(error, ObservesError) else type(error).__name__


def _tell(installation: Installation, connection: Connection, watched: Watched, run_id: str) -> None:
    settings = installation.settings
    if settings.notify_urls is None and settings.on_call_urls is None:
        return
    told = []
    for incident in register.worth_telling(connection, watched.evaluated_at):
        turns = []
        for turn in incident.untold:
            try:
                has_told = notifying.tell(settings, incident, turn)
            except ObservesError as error:
                watched.problems.append(error.message)
                has_told = False
            if not has_told:
                watched.untold += 1
                break  # what comes later makes no sense without it
            turns.append(turn)
        if turns:
            told.append(lifecycle.told(incident, turns))
    register.write(installation, connection, told, run_id=run_id)
