"""``observes import``: bring in what another job saved before Observes was there."""

import uuid
from pathlib import Path
from typing import Annotated

import typer
from psycopg import Connection

from observes_assets.cli.output import Json, err, out, print_json, print_table
from observes_assets.cli.preparing import only_run, set_up
from observes_assets.cli.progress_bars import Bars
from observes_assets.errors import SettingsError
from observes_assets.installation import Installation
from observes_assets.postgres.roles import LOADER

app = typer.Typer(help="Import what another job saved before Observes was there.", no_args_is_help=True)


@app.callback()
def imports() -> None:
    """Import what another job saved before Observes was there."""


@app.command("timedoctor")
def timedoctor(
    files: Annotated[list[Path], typer.Argument(exists=True, dir_okay=False, help="Singer files.")],
    company: Annotated[
        str | None, typer.Option(help="TimeDoctor's id of the company; default: the one that is read.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Archive and land older backups of TimeDoctor: Singer files, by the days that their names say.

    Days that were read from TimeDoctor itself are left alone. Builds nothing: `observes run` does.

    Example: observes import timedoctor backup/timedoctor.worklogs.2025-01-01.2025-01-31.singer
    """
    from observes_assets import progress  # noqa: PLC0415 - these only where they are wanted
    from observes_assets.extraction import Extractor  # noqa: PLC0415
    from observes_assets.sources.timedoctor.importing import import_file  # noqa: PLC0415
    from observes_assets.sources.timedoctor.singer import SingerFile  # noqa: PLC0415

    backups = [SingerFile.of(path) for path in files]
    installation = set_up()
    done = {}
    with (
        only_run(installation, wait=True),
        installation.connect("import timedoctor", role=LOADER) as connection,
    ):
        named = company or _company(installation, connection)
        contract = installation.contracts["timedoctor"]
        # Not recorded as an attempt: it says nothing of how fresh TimeDoctor's own data are.
        extractor = Extractor(connection, installation.archive, contract, uuid.uuid4().hex)
        with Bars(visible=not as_json) as bars, progress.listening(bars):
            for stream in sorted({one.stream for one in backups}):
                extractor.land_waiting(stream)
            for one in backups:
                done[one.path.name] = dict(import_file(extractor, one, named))
    _tell(done, as_json)


def _company(installation: Installation, connection: Connection) -> str:
    if named := installation.settings.timedoctor_company:
        return named
    rows = connection.execute(
        "select distinct record ->> 'id' from raw_timedoctor.companies order by 1"
    ).fetchall()
    if len(rows) != 1:
        raise SettingsError(
            f"The files don't say whose they are, and {len(rows)} companies of TimeDoctor have been read.",
            "Give --company, or set OBSERVES_TIMEDOCTOR_COMPANY.",
        )
    return str(rows[0][0])


def _tell(done: dict[str, dict[str, int]], as_json: bool) -> None:
    if as_json:
        print_json(done)
        return
    columns = ("imported", "unchanged", "read from TimeDoctor", "refused", "records")
    print_table(
        "Days",
        ("file", *columns),
        [(name, *(counts.get(one, 0) for one in columns)) for name, counts in done.items()],
    )
    left = sum(counts.get("read from TimeDoctor", 0) for counts in done.values())
    if left:
        err.print(f"{left} days were left alone: they were read from TimeDoctor itself.")
    if refused := sum(counts.get("refused", 0) for counts in done.values()):
        err.print(f"{refused} days were refused: `observes batch list --state refused` says why.")
    out.print("`observes run` builds a release of them.")
