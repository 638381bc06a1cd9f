"""``observes run``, ``rebuild`` and ``extract``: the main job, from the sources to the bills."""

import sys
from datetime import UTC, datetime
from typing import Annotated

import typer

from observes_assets.cli.incidents import show_watched, summary_of, watch_after_run
from observes_assets.cli.output import Json, err, print_json
from observes_assets.cli.preparing import only_run, set_up
from observes_assets.cli.progress_bars import Bars
from observes_assets.cli.summary import show_summary, summarize
from observes_assets.errors import SettingsError
from observes_assets.installation import SOURCES, Installation
from observes_assets.lasting import lasting
from observes_assets.postgres.roles import LOADER

Sources = Annotated[
    list[str] | None, typer.Option("--source", help="Read only this source; may be given several times.")
]
NoWait = Annotated[bool, typer.Option("--no-wait", help="Exit with 75 if another run is under way.")]


def run(source: Sources = None, no_wait: NoWait = False, as_json: Json = False) -> None:
    """Read the sources, land what is new, build and publish a release if anything changed, write the bills.

    Examples: observes run · observes run --source git · observes run --no-wait --json
    """
    for name in source or []:
        if name not in SOURCES:
            raise SettingsError(f"There is no source {name!r}.", f"Sources are {', '.join(SOURCES)}.")
    installation = set_up()
    with only_run(installation, wait=not no_wait):
        _run_and_tell(installation, source, as_json)


def rebuild(no_wait: NoWait = False, as_json: Json = False) -> None:
    """Drop raw tables, heads and ledger, and land everything in the bucket again. What is on show stays.

    Example: observes rebuild
    """
    installation = set_up()
    with only_run(installation, wait=not no_wait):
        from observes_assets.landing.rebuild import forget  # noqa: PLC0415 - only here

        with installation.connect("rebuild", role=LOADER) as connection:
            forget(connection, installation.contracts)
        _run_and_tell(installation, None, as_json)


def extract(
    source: Annotated[str, typer.Argument(help="For example: git")],
    stream: Annotated[str, typer.Argument(help="For example: commits")],
    limit: Annotated[int, typer.Option(min=1, help="How many records.")] = 10,
) -> None:
    """Print records as a source would send them now, one JSON document a line. Nothing is archived or landed.

    Example: observes extract git commits --limit 3
    """
    from observes_assets.cli.extracting import records  # noqa: PLC0415 - only here

    installation = set_up()
    for document in records(installation, source, stream, limit):
        sys.stdout.buffer.write(document + b"\n")


def _run_and_tell(installation: Installation, source: list[str] | None, as_json: bool) -> None:
    started_at = datetime.now(UTC)
    with lasting():
        from observes_assets.cli import graph  # noqa: PLC0415 - imports Dagster: six seconds

    try:
        with Bars(visible=not as_json) as bars:
            result = graph.run_main_job(installation, source, bars)
    except Exception:
        if watched := watch_after_run(installation):
            show_watched(watched, to=err)
        raise
    watched = watch_after_run(installation)
    with installation.connect("summary", role=LOADER) as connection:
        document = summarize(connection, installation, result, started_at)
    if as_json:
        open_ones = watched.incidents if watched else []
        print_json({**document, "incidents": [summary_of(one) for one in open_ones]})
    else:
        show_summary(document)
        if watched:
            show_watched(watched)
    for failure in result.failures.values():
        raise failure
    if not document["ok"]:
        raise typer.Exit(1)
