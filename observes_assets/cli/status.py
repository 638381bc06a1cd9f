"""``observes status``: what is known, how old it is, and what needs a person. Imports no Dagster."""

from datetime import UTC, datetime, timedelta
from typing import Any

from observes_assets.cli.output import Json, out, plain, print_json, print_table
from observes_assets.contracts import Contract
from observes_assets.installation import Installation

_LATEST = """
    select l.source, l.stream, max(l.extracted_until), max(l.landed_at), sum(l.records_written)::bigint,
        (select count(*) from landing.batches as b
            where (b.source, b.stream) = (l.source, l.stream) and b.state = 'refused'),
        (select count(*) from landing.quarantine as q where (q.source, q.stream) = (l.source, l.stream))
    from landing.loads as l group by 1, 2
"""


def status(as_json: Json = False) -> None:
    """Show every stream's age against its contract, what waits for a decision, and the release on show.

    Example: observes status --json
    """
    installation = Installation.from_environment()
    with installation.opened("status") as connection:
        found = {(row[0], row[1]): row[2:] for row in connection.execute(_LATEST)}
        release = connection.execute(
            "select release_number, published_at, as_of from landing.releases where is_on_show"
        ).fetchone()
        held = connection.execute("select who, why from landing.hold").fetchone()
        failed = _failed_repositories(connection) if release else []
    now = datetime.now(UTC)
    streams = [
        _stream(contract, name, found.get((contract.source, name)), now)
        for contract in installation.contracts.values()
        for name in contract.streams
    ]
    document = {
        "home": str(installation.settings.home),
        "release": {"release_number": release[0], "published_at": release[1], "as_of": release[2]}
        if release
        else None,
        "hold": {"who": held[0], "why": held[1]} if held else None,
        "streams": streams,
        "failed_repositories": failed,
    }
    if as_json:
        print_json(document)
    else:
        _show(document, now)


def _failed_repositories(connection: Any) -> list[dict[str, Any]]:
    rows = connection.execute(
        "select organization_name, group_name, nickname, reason, outcome_since from warehouse.repositories "
        "where outcome in ('failed', 'never') order by 1, 2, 3"
    )
    return [{"repository": "/".join(row[:3]), "reason": row[3], "since": row[4]} for row in rows]


def _stream(contract: Contract, name: str, found: Any, now: datetime) -> dict[str, Any]:
    warn, fail = contract.streams[name].freshness_hours
    age = now - found[0] if found else None
    state = "never loaded"
    if age is not None:
        late, broken = age > timedelta(hours=warn), age > timedelta(hours=fail) or found[3] > 0
        state = "broken" if broken else "late" if late else "fresh"
    return {
        "source": contract.source,
        "stream": name,
        "owner": contract.owner,
        "state": state,
        "read_until": found[0] if found else None,
        "landed_at": found[1] if found else None,
        "warn_after_hours": warn,
        "fail_after_hours": fail,
        "versions": found[2] if found else 0,
        "refused_batches": found[3] if found else 0,
        "quarantined": found[4] if found else 0,
    }


def _show(document: dict[str, Any], now: datetime) -> None:
    release = document["release"]
    if release:
        age = now - release["published_at"]
        out.print(f"Release [bold]{release['release_number']}[/] is on show, {_age(age)} old.")
    else:
        out.print("No release is on show yet.")
    if document["hold"]:
        hold = document["hold"]
        out.print(f"Publishing is on hold by {plain(hold['who'])}: {plain(hold['why'])}")
    print_table(
        "Streams",
        ("stream", "owner", "state", "read", "late after", "versions", "refused", "quarantined"),
        [
            (
                f"{one['source']}/{one['stream']}",
                one["owner"],
                one["state"],
                _age(now - one["read_until"]) + " ago" if one["read_until"] else None,
                f"{one['warn_after_hours']:g} h",
                one["versions"],
                one["refused_batches"],
                one["quarantined"],
            )
            for one in document["streams"]
        ],
    )
    if document["failed_repositories"]:
        print_table(
            "Repositories that could not be read",
            ("repository", "since", "reason"),
            [(one["repository"], one["since"], one["reason"]) for one in document["failed_repositories"]],
        )


def _age(age: timedelta) -> str:
    minutes = int(age.total_seconds() // 60)
    days, hours = minutes // (24 * 60), minutes // 60 % 24
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes % 60} min" if hours else f"{minutes} min"
