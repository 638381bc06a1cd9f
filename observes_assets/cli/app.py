"""The program: its commands, none of them imported before it is called, and what every failure looks like."""

import os
import sys
from typing import Any

import typer
from typer.core import TyperGroup

from observes_assets.cli.later import Later
from observes_assets.cli.output import complain
from observes_assets.errors import ObservesError
from observes_assets.retries import tell_retries

# Every tool's telemetry is off, whoever started us.
TELEMETRY_OFF = {
    "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    "DAGSTER_DISABLE_TELEMETRY": "yes",
    "DO_NOT_TRACK": "1",
}

COMMANDS = [
    Later(
        "run",
        "run:run",
        "Read the sources, land what is new, build and publish a release if anything changed, "
        "write the bills.",
    ),
    Later(
        "rebuild",
        "run:rebuild",
        "Drop raw tables, heads and ledger, and land everything in the bucket again. What is on show stays.",
    ),
    Later(
        "extract",
        "run:extract",
        "Print records as a source would send them now, one JSON document a line. Nothing is archived or "
        "landed.",
    ),
    Later(
        "status",
        "status:status",
        "Show every stream's age against its contract, the release on show, and what waits for a person.",
    ),
    Later(
        "watch",
        "incidents:watch",
        "Evaluate once: open, escalate and close incidents, notify people, send the sign of life.",
    ),
    Later(
        "up",
        "services:up",
        "Serve the Dagster web UI, its daemon (schedules and sensors) and the dbt docs, until Ctrl-C.",
    ),
    Later("down", "services:down", "Stop the embedded Postgres of this home."),
    Later(
        "set-up",
        "services:set_up",
        "Start Postgres, make the tables, parse the dbt project. `observes run` does the same when needed.",
    ),
    Later("incident", "incidents:app", "Incidents: list them, show one, take one on."),
    Later("release", "releases:app", "Releases: list them, roll back, resume."),
    Later("quarantine", "quarantine:app", "Quarantine: records that broke their contract."),
    Later(
        "erase",
        "erase:app",
        "Forget a person: in the bucket, in raw tables and in releases. No vendor brings them back.",
    ),
    Later("batch", "batches:app", "Batches: list them, see why one was refused, accept or reject it."),
    Later("bills", "bills:app", "Bills: what each group owes for a month, and why."),
    Later(
        "contract",
        "contracts:app",
        "Contracts: what sources promise, whether they say it all, what a change breaks.",
    ),
    Later("import", "imports:app", "Import what another job saved before Observes was there."),
    Later("sandbox", "sandbox:app", "Let the sandbox's made-up company live."),
]


class Commands(TyperGroup):
    """All of them, by name."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands.update({one.name: one for one in COMMANDS if one.name})


app = typer.Typer(
    name="observes",
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def observes() -> None:
    """A company's analytics warehouse that keeps an oath about its data."""
    tell_retries()


def main() -> None:
    """Run the command line; failures become one line and an honest exit code."""
    os.environ.update(TELEMETRY_OFF)
    try:
        app()
    except ObservesError as error:
        complain(error.message, error.remedy)
        sys.exit(error.exit_code)
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        complain(f"{error.strerror or error}{where}.", "Mend that and run again: nothing is lost or doubled.")
        sys.exit(1)
    except Exception as error:
        _end_if_postgres_was_lost(error)
        raise


def _end_if_postgres_was_lost(error: Exception) -> None:
    import psycopg  # noqa: PLC0415 - a fifth of a second, which not every command needs

    if isinstance(error, psycopg.OperationalError):
        reason = str(error).strip().splitlines()[0]
        complain(f"Postgres was lost: {reason}.", "Run again when it is back: nothing is lost or doubled.")
        sys.exit(1)
