"""``observes incident`` and ``observes watch``: what broke, and the evaluation that finds it."""

import getpass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer
from rich.console import Console

from observes_assets.cli.output import Json, err, out, plain, print_json, print_table
from observes_assets.errors import SettingsError
from observes_assets.incidents import notifying, register
from observes_assets.incidents.lifecycle import Incident, acknowledged
from observes_assets.installation import Installation
from observes_assets.postgres.roles import LOADER

if TYPE_CHECKING:
    from observes_assets.incidents.watch import Watched

app = typer.Typer(help="Incidents: list them, show one, take one on.", no_args_is_help=True)
Id = Annotated[str, typer.Argument(help="As `observes incident list` shows it.")]


def summary_of(incident: Incident) -> dict[str, Any]:
    """An incident for machines."""
    return dict(msgspec.to_builtins(incident, builtin_types=(datetime,)))


@app.command("list")
def list_incidents(
    as_json: Json = False,
    limit: Annotated[int, typer.Option(min=1, help="How many.")] = 50,
) -> None:
    """List incidents: the open ones, then closed ones, the newest first.

    Example: observes incident list --json
    """
    with Installation.from_environment().opened("incident list", role=LOADER) as connection:
        found = register.newest(connection, limit)
    if as_json:
        print_json([summary_of(one) for one in found])
        return
    print_table(
        "Incidents",
        ("incident", "severity", "since", "closed", "taken on by", "what"),
        [
            (one.incident_id, one.severity, one.since, one.closed_at, one.acknowledged_by, one.title)
            for one in found
        ],
    )


@app.command("show")
def show(incident_id: Id, as_json: Json = False) -> None:
    """Show an incident: what broke, since when, who owns it, what to do, and who was told.

    Example: observes incident show i-20240503-1a2b3c
    """
    installation = Installation.from_environment()
    with installation.opened("incident show", role=LOADER) as connection:
        found = register.find(connection, incident_id)
    link = notifying.runbook_link(installation.settings, found.kind)
    document = {**summary_of(found), "runbook": link}
    if as_json:
        print_json(document)
    else:
        told = ", ".join(found.told) or "nobody yet"
        print_table(f"Incident {incident_id}", ("field", "value"), {**document, "told": told}.items())


@app.command("acknowledge")
def acknowledge(incident_id: Id) -> None:
    """Take an incident on: a warning that somebody has taken on does not escalate.

    Example: observes incident acknowledge i-20240503-1a2b3c
    """
    installation = Installation.from_environment()
    with installation.opened("incident acknowledge", role=LOADER) as connection:
        found = register.find(connection, incident_id)
        if found.closed_at is not None:
            raise SettingsError(f"Incident {incident_id} is closed, so there is nothing to take on.")
        who = getpass.getuser()
        register.write(installation, connection, [acknowledged(found, datetime.now(UTC), who)])
    out.print(f"Incident {incident_id} is yours. It closes by itself when its cause is gone.")


def watch(as_json: Json = False) -> None:
    """Evaluate once: open, escalate and close incidents, notify people, send the sign of life.

    The timetable and every run do the same. Call it from cron too, every five minutes, for the day when
    neither is alive. Exit code 0: all was evaluated and no incident is open (warnings may be). 1: an incident
    is open, or somebody could not be told, or something could not be evaluated.

    Examples: observes watch · */5 * * * * observes watch
    """
    from observes_assets.incidents.watch import watch as evaluate  # noqa: PLC0415 - `status` does without

    installation = Installation.from_environment()
    with installation.opened("watch", role=LOADER) as connection:
        watched = evaluate(installation, connection)
    if as_json:
        print_json(_document(watched))
    else:
        show_watched(watched)
    if not watched.is_well:
        raise typer.Exit(1)


def _document(watched: "Watched") -> dict[str, Any]:
    return {
        "ok": watched.is_well,
        "evaluated_at": watched.evaluated_at,
        "incidents": [summary_of(one) for one in watched.incidents],
        "changed": [one.incident_id for one in watched.changed],
        "untold": watched.untold,
        "problems": watched.problems,
        "schedule_is_alive": watched.is_schedule_alive,
        "heartbeat": watched.heartbeat,
    }


def show_watched(watched: "Watched", to: Console = out) -> None:
    """Print what a person must know of an evaluation; nothing if all is well."""
    for one in watched.incidents:
        colour = "red" if one.severity == "incident" else "yellow"
        line = (
            f"[bold {colour}]{one.severity}[/] {plain(one.title)} `observes incident show {one.incident_id}`"
        )
        to.print(line, soft_wrap=True)
    for problem in watched.problems:
        err.print(f"[bold red]watch:[/] {plain(problem)}", soft_wrap=True)
    if watched.untold:
        err.print(f"[bold red]watch:[/] {watched.untold} news could not be told; the next watch tries again.")
    if watched.heartbeat is False:
        err.print("[bold red]watch:[/] the dead-man switch did not answer well.")


def watch_after_run(installation: Installation) -> "Watched | None":
    """The evaluation at the end of a run, which it never stops; None if it could not be done."""
    from observes_assets.incidents.watch import watch as evaluate  # noqa: PLC0415 - as above

    try:
        with installation.connect("watch", role=LOADER) as connection:
            return evaluate(installation, connection)
    except Exception as error:  # whatever it is, the run has done its work
        err.print(f"[yellow]watch:[/] the evaluation failed: {plain(type(error).__name__)}.")
        return None
