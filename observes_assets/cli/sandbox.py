"""``observes sandbox``: let the made-up company live, and observe it day by day."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer
from psycopg import Connection

from observes_assets.cli.output import Json, err, out, print_json
from observes_assets.cli.preparing import only_run, set_up
from observes_assets.errors import SettingsError, TransientError
from observes_assets.installation import Installation
from observes_assets.postgres.roles import LOADER

app = typer.Typer(
    name="sandbox", help="Let the sandbox's made-up company live.", no_args_is_help=True, add_completion=False
)
_EVENING = 18  # UTC: the day's work is done
_SOLD = "Leads,Accounts,Deals"  # modules whose past says something


@app.callback()
def sandbox() -> None:
    """Let the sandbox's made-up company live."""


@app.command("live")
def live(
    days: Annotated[int, typer.Option(min=1, max=400, help="How many days up to the clock.")] = 14,
    as_json: Json = False,
) -> None:
    """Observe boards, hours and deals on each of the last days, as daily runs would. Builds nothing.

    Nobody keeps a history of what cards, hours and deals said: only who looks every day has one. Time goes
    forward only, so days before the last observation are left out.

    Examples: observes sandbox live --days 28 · OBSERVES_SANDBOX_CLOCK=2026-06-01T09:00Z observes sandbox live
    """
    from observes_assets.sandbox.vendors import clock  # noqa: PLC0415 - brings the servers along

    installation = set_up()
    if not installation.settings.is_sandbox:
        named = ", ".join(installation.settings.real_vendors)
        raise SettingsError(
            "This home is not the sandbox's.", f"Unset {named}, and use another OBSERVES_HOME."
        )
    with (
        only_run(installation, wait=True),
        installation.connect("sandbox", role=LOADER) as connection,
    ):
        moments = _evenings(clock(installation.settings), days, _observed_until(connection))
        for moment in moments:
            _observe_work(installation, connection, moment)
            _observe_hours(installation, connection, moment)
            _observe_sales(installation, connection, moment)
            err.print(f"✓ {moment:%Y-%m-%d}")
    if as_json:
        print_json({"observed": [moment.isoformat() for moment in moments]})
    else:
        out.print(f"{len(moments)} days observed. `observes run` builds a release of them.")


def _observe_work(installation: Installation, connection: Connection, moment: datetime) -> None:
    from observes_assets.sources.github.account import observe_all  # noqa: PLC0415 - half a second of PyGithub
    from observes_assets.sources.github.session import open_client  # noqa: PLC0415
    from observes_assets.sources.observes.recording import attempts  # noqa: PLC0415

    contract = installation.contracts["github"]
    then = installation.settings.model_copy(update={"sandbox_clock": moment})
    with (
        open_client(then, contract) as client,
        attempts(installation, connection, contract, uuid.uuid4().hex) as extractor,
    ):
        assert client is not None
        account = observe_all(extractor, client)
    if failed := account.named("failed"):
        place, reason = next(iter(failed.items()))
        raise TransientError(f"{place} could not be observed as of {moment:%Y-%m-%d}: {reason}")


def _observe_hours(installation: Installation, connection: Connection, moment: datetime) -> None:
    from observes_assets.sources.observes.recording import attempts  # noqa: PLC0415
    from observes_assets.sources.timedoctor.observation import observe_all  # noqa: PLC0415
    from observes_assets.sources.timedoctor.session import open_client  # noqa: PLC0415

    contract = installation.contracts["timedoctor"]
    then = installation.settings.model_copy(update={"sandbox_clock": moment})
    with (
        open_client(then, contract) as client,
        attempts(installation, connection, contract, uuid.uuid4().hex) as extractor,
    ):
        assert client is not None
        seen = observe_all(extractor, client)
    if failed := seen.named("failed"):
        day, reason = next(iter(failed.items()))
        raise TransientError(f"{day} could not be observed as of {moment:%Y-%m-%d}: {reason}")


def _observe_sales(installation: Installation, connection: Connection, moment: datetime) -> None:
    from observes_assets.sources.observes.recording import attempts  # noqa: PLC0415
    from observes_assets.sources.zoho.observation import observe_all  # noqa: PLC0415
    from observes_assets.sources.zoho.preparation import prepare  # noqa: PLC0415
    from observes_assets.sources.zoho.recording import Exports  # noqa: PLC0415
    from observes_assets.sources.zoho.session import open_client  # noqa: PLC0415

    contract, run_id = installation.contracts["zoho"], uuid.uuid4().hex
    then = installation.settings.model_copy(update={"sandbox_clock": moment, "zoho_modules": _SOLD})
    with (
        open_client(then, contract) as client,
        attempts(installation, connection, contract, run_id) as extractor,
    ):
        assert client is not None
        exports = Exports(installation, connection, run_id)
        asked = prepare(extractor, client, exports, moment)
        done = observe_all(extractor, client, exports, moment, waits=True)
    if failed := asked.failed | done.failed:
        module, reason = next(iter(failed.items()))
        raise TransientError(f"{module} could not be observed as of {moment:%Y-%m-%d}: {reason}")


def _observed_until(connection: Connection) -> datetime | None:
    row = connection.execute(
        "select max(extracted_until) from landing.loads where source = 'github'"
    ).fetchone()
    return row[0] if row else None


def _evenings(until: datetime, days: int, observed_until: datetime | None) -> list[datetime]:
    """The evenings of the days before a moment, that are later than what was observed."""
    until = until.astimezone(UTC)
    last = until.replace(hour=_EVENING, minute=0, second=0, microsecond=0)
    last -= timedelta(days=last >= until)
    found = [last - timedelta(days=day) for day in reversed(range(days))]
    return [moment for moment in found if observed_until is None or moment > observed_until]
