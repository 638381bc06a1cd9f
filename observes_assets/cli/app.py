"""The program: its commands, and what every failure looks like."""

import os
import sys

import psycopg
import typer

from observes_assets.cli import (
    batches,
    bills,
    contracts,
    erase,
    incidents,
    quarantine,
    releases,
    run,
    sandbox,
    services,
    status,
)
from observes_assets.cli.output import complain
from observes_assets.errors import ObservesError

# Every tool's telemetry is off, whoever started us.
TELEMETRY_OFF = {
    "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    "DAGSTER_DISABLE_TELEMETRY": "yes",
    "DO_NOT_TRACK": "1",
}

app = typer.Typer(
    name="observes",
    help="A company's analytics warehouse that keeps an oath about its data.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("run")(run.run)
app.command("rebuild")(run.rebuild)
app.command("extract")(run.extract)
app.command("status")(status.status)
app.command("watch")(incidents.watch)
app.add_typer(incidents.app, name="incident")
app.add_typer(releases.app, name="release")
app.add_typer(quarantine.app, name="quarantine")
app.add_typer(erase.app, name="erase")
app.add_typer(batches.app, name="batch")
app.add_typer(bills.app, name="bills")
app.add_typer(contracts.app, name="contract")
app.add_typer(sandbox.app, name="sandbox")
app.command("up")(services.up)
app.command("down")(services.down)
app.command("set-up")(services.set_up)


def main() -> None:
    """Run the command line; failures become one line and an honest exit code."""
    os.environ.update(TELEMETRY_OFF)
    try:
        app()
    except ObservesError as error:
        complain(error.message, error.remedy)
        sys.exit(error.exit_code)
    except psycopg.OperationalError as error:
        reason = str(error).strip().splitlines()[0]
        complain(f"Postgres was lost: {reason}.", "Run again when it is back: nothing is lost or doubled.")
        sys.exit(1)
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        complain(f"{error.strerror or error}{where}.", "Mend that and run again: nothing is lost or doubled.")
        sys.exit(1)
