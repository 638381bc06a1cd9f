"""``observes status``: what is known, how old it is, and what needs a person. Imports no Dagster."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from psycopg import Connection

from observes_assets.cli import github
from observes_assets.cli.incidents import summary_of
from observes_assets.cli.output import Json, out, plain, print_json, print_table
from observes_assets.erasure.register import unfinished
from observes_assets.incidents.facts import StreamFacts
from observes_assets.incidents.promises import Promise, promises
from observes_assets.incidents.reading import read_streams
from observes_assets.incidents.register import open_incidents
from observes_assets.incidents.states import state_of
from observes_assets.installation import SOURCES, Installation
from observes_assets.postgres.roles import BILLING, LOADER, acting
from observes_assets.sources.configured import unconfigured

_RELEASE = "select release_number, published_at, as_of from landing.releases where is_on_show"
_FAILED = (
    "select organization_name, group_name, nickname, reason, outcome_since from warehouse.repositories "
    "where outcome in ('failed', 'never') order by 1, 2, 3"
)


def status(as_json: Json = False) -> None:
    """Show every stream's age against its contract, the release on show, and what waits for a person.

    A stream is fresh, late (older than its contract promises), broken (older than it allows, or a batch waits
    for a decision), never loaded, or not configured (its source has no credentials). Its age counts from when
    it was last read well, be it that nothing was new.

    Examples: observes status · observes status --json
    """
    installation = Installation.from_environment()
    with installation.opened("status", role=LOADER) as connection:
        document = _document(installation, connection, datetime.now(UTC))
    if as_json:
        print_json(document)
    else:
        _show(document)


def _document(installation: Installation, connection: Connection, now: datetime) -> dict[str, Any]:
    promised = promises(connection, SOURCES)
    known = read_streams(connection, [(one.source, one.stream) for one in promised])
    missing = unconfigured(installation.settings)
    streams = [_stream(one, known[one.source, one.stream], now, missing) for one in promised]
    release = connection.execute(_RELEASE).fetchone()
    held = connection.execute("select who, why from landing.hold").fetchone()
    return {
        "home": str(installation.settings.home),
        "at": now,
        "release": {
            "release_number": release[0],
            "published_at": release[1],
            "as_of": release[2],
            "age_seconds": _seconds(now - release[1]),
        }
        if release
        else None,
        "hold": {"who": held[0], "why": held[1]} if held else None,
        "unfinished_erasure": _erasure(connection),
        "stale_streams": [f"{one['source']}/{one['stream']}" for one in streams if one["state"] == "broken"],
        "streams": streams,
        "incidents": [summary_of(one) for one in open_incidents(connection)],
        "github": github.read(connection),
        "failed_repositories": _failed_repositories(connection) if release else [],
    }


def _erasure(connection: Connection) -> dict[str, Any] | None:
    found = unfinished(connection)
    if found is None:
        return None
    what_to_do = None if found.is_under_way else "observes erase resume"
    return {"erasure": found.number, "recorded_at": found.recorded_at, "what_to_do": what_to_do}


def _failed_repositories(connection: Connection) -> list[dict[str, Any]]:
    with acting(connection, BILLING):
        rows = connection.execute(_FAILED).fetchall()
    return [{"repository": "/".join(row[:3]), "reason": row[3], "since": row[4]} for row in rows]


def _stream(
    promised: Promise, known: StreamFacts, now: datetime, missing: Mapping[str, str]
) -> dict[str, Any]:
    hour = timedelta(hours=1)
    state: str = state_of(promised.freshness, known, now)
    if state == "never loaded" and promised.source in missing:
        state = "not configured"
    return {
        "source": promised.source,
        "stream": promised.stream,
        "owner": promised.owner,
        "on_call": promised.on_call,
        "state": state,
        "read_until": known.read_until,
        "landed_at": known.loaded_at,
        "newest_at": known.newest_at,
        "age_seconds": _seconds(now - known.read_until) if known.read_until else None,
        "warn_after_hours": promised.freshness.warn / hour,
        "fail_after_hours": promised.freshness.fail / hour,
        "refused_batches": known.refused.count if known.refused else 0,
        "quarantined": known.quarantined.count if known.quarantined else 0,
        "failing_since": known.failing.since if known.failing else None,
        "reason": known.failing.reason if known.failing else missing.get(promised.source),
    }


def _seconds(age: timedelta) -> int:
    return round(age.total_seconds())


def _show(document: dict[str, Any]) -> None:
    release = document["release"]
    if release:
        age = age_in_words(release["age_seconds"])
        out.print(f"Release [bold]{release['release_number']}[/] is on show, {age} old.")
    else:
        out.print("No release is on show yet.")
    if document["stale_streams"]:
        out.print(f"Stale in it: {', '.join(document['stale_streams'])}.", soft_wrap=True)
    if document["hold"]:
        hold = document["hold"]
        out.print(f"Publishing is on hold by {plain(hold['who'])}: {plain(hold['why'])}")
    if erasure := document["unfinished_erasure"]:
        resume = erasure["what_to_do"]
        ends = f"was broken off: `{resume}` carries it out to its end" if resume else "is under way"
        out.print(f"[bold red]Erasure {erasure['erasure']}[/] {ends}.", soft_wrap=True)
    print_table(
        "Streams",
        ("stream", "owner", "state", "read", "late after", "loaded", "refused", "quarantined"),
        [_row(one) for one in document["streams"]],
    )
    print_table(
        "Open incidents",
        ("incident", "severity", "since", "on-call", "what"),
        [
            (one["incident_id"], one["severity"], one["since"], one["on_call"], one["title"])
            for one in document["incidents"]
        ],
    )
    github.show(document["github"])
    if document["failed_repositories"]:
        print_table(
            "Repositories that could not be read",
            ("repository", "since", "reason"),
            [(one["repository"], one["since"], one["reason"]) for one in document["failed_repositories"]],
        )


def _row(one: dict[str, Any]) -> tuple[Any, ...]:
    return (
        f"{one['source']}/{one['stream']}",
        one["owner"],
        one["state"],
        f"{age_in_words(one['age_seconds'])} ago" if one["age_seconds"] is not None else None,
        f"{one['warn_after_hours']:g} h",
        one["landed_at"],
        one["refused_batches"],
        one["quarantined"],
    )


def age_in_words(seconds: int) -> str:
    """An age as a person says it: 3 d 4 h, 2 h 5 min, 7 min."""
    minutes = seconds // 60
    days, hours = minutes // (24 * 60), minutes // 60 % 24
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes % 60} min" if hours else f"{minutes} min"
