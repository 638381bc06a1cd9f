"""``observes erase``: forget a person everywhere, for good."""

import sys
from dataclasses import asdict
from typing import Annotated, Any

import typer

from observes_assets import progress
from observes_assets.cli.output import Json, err, out, plain, print_json, print_table
from observes_assets.cli.progress_bars import Bars
from observes_assets.erasure import carrying_out
from observes_assets.erasure.carrying_out import Report
from observes_assets.errors import SettingsError
from observes_assets.installation import Installation
from observes_assets.postgres.roles import ERASER, LOADER

app = typer.Typer(
    help="Forget a person: in the bucket, in raw tables and in releases. No vendor brings them back.",
    invoke_without_command=True,
)

Person = Annotated[
    list[str] | None,
    typer.Option(help="E-mail address or login; several times for one person. '-': asked for, or read."),
]


@app.callback()
def erase(
    context: typer.Context,
    *,
    person: Person = None,
    why: Annotated[str, typer.Option(help="The reason; it is kept for ever, so name nobody.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count, and write nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
    as_json: Json = False,
) -> None:
    """Erase a person. What stands in their place joins and counts as before, and tells nobody who it was.

    With '-' the address is asked for, or read from standard input, a line each, so it stays out of the
    shell's history. Addresses that the portfolio's mailmap takes for the same person go too.

    Examples: observes erase --person - --dry-run · observes erase --person - --why "request of 3 May" ·
    observes erase list
    """
    if context.invoked_subcommand:
        return
    if not person:
        raise SettingsError("Nobody is named.", "Say --person - and type the address when asked.")
    identifiers = [one for given in person for one in (_asked() if given == "-" else [given])]
    installation = Installation.from_environment()
    with installation.opened("erase", role=ERASER) as connection:
        people = carrying_out.identify(installation, connection, identifiers)
        if not dry_run:
            _confirm(people.count, yes=yes)
        with Bars(visible=not as_json) as bars, progress.listening(bars):
            if dry_run:
                report = carrying_out.look(installation, connection, people)
            else:
                report = carrying_out.erase(installation, connection, people, why=why)
    _tell(report, as_json=as_json)


@app.command("resume")
def resume(as_json: Json = False) -> None:
    """Carry out what a killed erasure left undone.

    Example: observes erase resume
    """
    installation = Installation.from_environment()
    with (
        installation.opened("erase resume", role=ERASER) as connection,
        Bars(visible=not as_json) as bars,
        progress.listening(bars),
    ):
        report = carrying_out.resume(installation, connection)
    if report is not None:
        _tell(report, as_json=as_json)
    elif as_json:
        print_json(None)
    else:
        out.print("Every erasure is carried out.")


@app.command("list")
def list_erasures(as_json: Json = False) -> None:
    """List erasures, the newest first: when, by whose word, and whether it is done. They name nobody.

    Example: observes erase list --json
    """
    installation = Installation.from_environment()
    with installation.opened("erase list", role=LOADER):
        erasures, completions = installation.archive.register.read()
    done = {one.number: one for one in completions}
    newest = max(done, default=0)
    rows: list[dict[str, Any]] = [
        {
            "erasure": one.number,
            "recorded_at": one.recorded_at,
            "who": one.who,
            "why": one.why,
            "identifiers": len(one.emails) + len(one.others),
            "is_finished": one.number <= newest,
            "counts": done[one.number].counts if one.number in done else {},
            "notes": done[one.number].notes if one.number in done else [],
            "exempt": one.exempt,
        }
        for one in reversed(erasures)
    ]
    if as_json:
        print_json(rows)
        return
    columns = ("erasure", "recorded_at", "who", "why", "identifiers", "is_finished", "counts")
    print_table("Erasures", columns, [[row[column] for column in columns] for row in rows])
    if rows and not rows[0]["is_finished"]:
        out.print("Not carried out to its end: `observes erase resume`.")


def _asked() -> list[str]:
    if sys.stdin.isatty():
        return [str(typer.prompt("E-mail address or login", err=True))]
    return [line.strip() for line in sys.stdin if line.strip()]


def _confirm(identifier_count: int, *, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise SettingsError("Nobody can be asked whether to erase.", "Look with --dry-run, then say --yes.")
    err.print(f"This can't be undone. The person is known by {identifier_count} identifiers.")
    typer.confirm("Erase?", abort=True, err=True)


def _tell(report: Report, *, as_json: bool) -> None:
    if as_json:
        print_json(asdict(report) | {"total": report.total})
        return
    title = "Would be rewritten (dry run)" if report.is_dry else f"Erasure {report.number}: rewritten"
    columns = ("stream", "batches", "records", "rows in Postgres", "objects deleted")
    rows = [
        (stream, one["batches"], one["records"], one["rows"], one["deleted_objects"])
        for stream, one in report.archive.items()
        if any(one.values())
    ]
    print_table(title, columns, rows)
    out.print(f"Identifiers: {report.identifier_count}. Rows of the landing's notes: {report.landing_rows}.")
    for number, one in report.releases.items():
        tables = ", ".join(f"{table} {count}" for table, count in one["rows"].items())
        out.print(f"Release {number}: rows of {plain(tables)}.")
    if report.dropped_releases:
        out.print(f"Releases dropped: {', '.join(map(str, report.dropped_releases))}.")
    out.print("\nWhat keeps something of the person:")
    for line in [*report.notes, *report.exempt]:
        out.print(f"  · {plain(line)}", soft_wrap=True)
