"""``observes quarantine``: records that broke their contract, with the reason."""

from typing import Annotated

import msgspec
import typer

from observes_assets import archive
from observes_assets.archive import Manifest
from observes_assets.cli.output import Json, print_json, print_table
from observes_assets.errors import SettingsError
from observes_assets.installation import Installation
from observes_assets.postgres.roles import LOADER
from observes_assets.scratch import scratch

app = typer.Typer(help="Quarantine: records that broke their contract.", no_args_is_help=True)
_COLUMNS = ("source", "stream", "batch", "line", "path", "reason")


@app.command("list")
def list_quarantine(as_json: Json = False) -> None:
    """List quarantined records: where each is and why, never what it holds.

    Example: observes quarantine list --json
    """
    with Installation.from_environment().opened("quarantine list", role=LOADER) as connection:
        rows = connection.execute(
            f"select {', '.join(_COLUMNS)} from landing.quarantine order by 1, 2, 3 desc, 4"
        ).fetchall()
    if as_json:
        print_json([dict(zip(_COLUMNS, row, strict=True)) for row in rows])
    else:
        print_table("Quarantine", _COLUMNS, rows)


@app.command("show")
def show(
    source: Annotated[str, typer.Argument(help="For example: git")],
    stream: Annotated[str, typer.Argument(help="For example: commits")],
    batch: Annotated[int, typer.Argument(help="The batch's number.")],
    line: Annotated[int, typer.Argument(help="The record's line in the batch.")],
) -> None:
    """Print a quarantined record as the archive holds it. It may hold personal data.

    Example: observes quarantine show git commits 7 12
    """
    installation = Installation.from_environment()
    with installation.opened("quarantine show", role=LOADER) as connection:
        row = connection.execute(
            "select b.manifest, q.path, q.reason from landing.quarantine as q "
            "join landing.batches as b using (source, stream, batch) "
            "where (source, stream, batch, line) = (%s, %s, %s, %s)",
            [source, stream, batch, line],
        ).fetchone()
    if row is None:
        raise SettingsError(
            f"Line {line} of batch {batch} of {source}/{stream} is not in quarantine.",
            "`observes quarantine list` shows what is.",
        )
    with scratch("show") as folder:
        path = folder / "records"
        installation.archive.download(msgspec.convert(row[0], Manifest), path)
        document = next(text for number, text in enumerate(archive.lines(path), start=1) if number == line)
    typer.echo(f"{row[1]}: {row[2]}", err=True)
    typer.echo(document.decode(errors="backslashreplace"))
