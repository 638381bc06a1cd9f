"""``observes release``: what is on show, what was, and going back."""

import getpass
from datetime import UTC
from typing import Annotated

import typer

from observes_assets.cli.output import Json, out, plain, print_json, print_table
from observes_assets.installation import Installation
from observes_assets.postgres.roles import PUBLISHER
from observes_assets.warehouse import holding

app = typer.Typer(help="Releases: list them, roll back, resume.", no_args_is_help=True)
_COLUMNS = (
    *("release_number", "state", "is_on_show", "is_pinned", "as_of", "published_at", "marts", "stale"),
    "accepted_loss",
)


@app.command("list")
def list_releases(as_json: Json = False) -> None:
    """List releases, the newest first.

    Example: observes release list --json
    """
    with Installation.from_environment().opened("release list", role=PUBLISHER) as connection:
        rows = connection.execute(
            "select release_number, state, is_on_show, is_pinned, as_of, published_at, "
            "(select count(*) from jsonb_object_keys(record -> 'marts')), "
            "coalesce(record -> 'stale', '{}'), record -> 'accepted_loss' "
            "from landing.releases order by 1 desc"
        ).fetchall()
        held = connection.execute("select who, why, held_at from landing.hold").fetchone()
    if as_json:
        hold = {"who": held[0], "why": held[1], "held_at": held[2]} if held else None
        print_json({"releases": [dict(zip(_COLUMNS, row, strict=True)) for row in rows], "hold": hold})
        return
    print_table(
        "Releases",
        ("release", "state", "as of load", "published", "marts", "stale"),
        [
            (
                row[0],
                _state(row),
                row[4],
                row[5],
                row[6],
                ", ".join(name for name, one in sorted(row[7].items()) if one["since"]),
            )
            for row in rows
        ],
    )
    if held:
        since = f"{held[2].astimezone(UTC):%Y-%m-%d %H:%M} UTC"
        out.print(f"Publishing is on hold by {plain(held[0])} since {since}: {plain(held[1])}")


def _state(row: tuple[object, ...]) -> str:
    words = [str(row[1])] + (["on show"] if row[2] else []) + (["pinned by a closed bill"] if row[3] else [])
    return ", ".join(words)


@app.command("publish")
def publish_release(
    number: Annotated[int | None, typer.Argument(help="A release; default: the newest.")] = None,
) -> None:
    """Put a release on show and lift the hold of an earlier rollback.

    Example: observes release publish
    """
    installation = Installation.from_environment()
    with installation.opened("release publish", role=PUBLISHER) as connection:
        shown = holding.resume(installation, connection, number, who=getpass.getuser())
    out.print(f"Release {shown} is on show. Publishing goes on with the next run.")


@app.command("accept")
def accept(
    why: Annotated[str, typer.Option(help="The reason; it stays in the release's record.")],
) -> None:
    """Publish the candidate although marts lost more of their rows than they may. Checks must have passed.

    Example: observes release accept --why "the archive of 2019 was deleted on purpose"
    """
    installation = Installation.from_environment()
    with installation.opened("release accept", role=PUBLISHER) as connection:
        release = holding.accept_loss(installation, connection, who=getpass.getuser(), why=why)
    out.print(f"Release {release.number} is on show.")


@app.command("rollback")
def rollback(
    number: Annotated[int, typer.Argument(help="The release to go back to.")],
    why: Annotated[str, typer.Option(help="The reason; it is shown while publishing is held.")],
) -> None:
    """Show an earlier release, and hold publishing until `observes release publish`.

    Example: observes release rollback 41 --why "authors of March are wrong"
    """
    installation = Installation.from_environment()
    with installation.opened("release rollback", role=PUBLISHER) as connection:
        left = connection.execute("select release_number from landing.releases where is_on_show").fetchone()
        holding.roll_back(installation, connection, number, who=getpass.getuser(), why=why)
    out.print(f"Release {number} is on show; publishing is on hold.")
    if left and left[0] > number:
        out.print(
            f"Bills written from release {left[0]} stand as they are; "
            "`observes bills` shows which release each names."
        )
