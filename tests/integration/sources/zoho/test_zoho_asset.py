"""Zoho in Dagster's graph: two assets, a sensor between them, and a home that names no Zoho."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from dagster import ExecuteInProcessResult, materialize

from observes_assets import contracts
from observes_assets.automation.jobs import EXPORTS, jobs
from observes_assets.automation.timetable import schedules
from observes_assets.billing.assets import BILLS
from observes_assets.installation import Installation
from observes_assets.postgres.locks import session_lock
from observes_assets.resources import InstallationResource
from observes_assets.sandbox import zoho
from observes_assets.sandbox.world import World
from observes_assets.sandbox.zoho import Zoho
from observes_assets.sources.zoho.assets import (
    ASKED,
    NO_WAIT,
    PREPARED,
    READ,
    prepare_asset,
    zoho_assets,
)
from observes_assets.sources.zoho.looking import finished
from observes_assets.sources.zoho.recording import LOCK


@pytest.fixture
def home(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> Installation:
    """The environment of an installation that is real, and names no Zoho."""
    assert installation.settings.postgres_url is not None
    monkeypatch.chdir(installation.settings.home)
    monkeypatch.setenv("OBSERVES_HOME", str(installation.settings.home))
    monkeypatch.setenv("OBSERVES_POSTGRES_URL", installation.settings.postgres_url.get_secret_value())
    monkeypatch.setenv("OBSERVES_PORTFOLIO", str(installation.settings.portfolio))
    return Installation.from_environment()


@pytest.fixture
def vendor() -> Iterator[Zoho]:
    """A Zoho of our own time: a real home goes by its own clock until Zoho has answered."""
    with zoho.serving(World(at=datetime.now(UTC))) as serving:
        serving.jobs.seconds = 0
        yield serving


@pytest.fixture
def configured(home: Installation, vendor: Zoho, monkeypatch: pytest.MonkeyPatch) -> Installation:
    monkeypatch.setenv("OBSERVES_ZOHO_CLIENT_ID", vendor.credentials.client_id)
    monkeypatch.setenv("OBSERVES_ZOHO_CLIENT_SECRET", vendor.credentials.client_secret)
    monkeypatch.setenv("OBSERVES_ZOHO_REFRESH_TOKEN", vendor.credentials.refresh_token)
    monkeypatch.setenv("OBSERVES_ZOHO_ACCOUNTS_URL", vendor.address)
    monkeypatch.setenv("OBSERVES_ZOHO_MODULES", "Leads,Deals")
    return Installation.from_environment()


def run(*, only_ask: bool = False, tags: dict[str, str] | None = None) -> ExecuteInProcessResult:
    contract = contracts.load("zoho")
    assets = [prepare_asset(contract), *([] if only_ask else [zoho_assets(contract)])]
    return materialize(assets, resources={"installation": InstallationResource()}, tags=tags)


def materialized(done: ExecuteInProcessResult) -> set[str]:
    return {one.asset_key.path[-1] for one in done.get_asset_materialization_events() if one.asset_key}


def test_without_credentials_tables_are_empty_and_nothing_fails(home: Installation) -> None:
    done = run()
    assert done.success
    assert all(one.passed for one in done.get_asset_check_evaluations())
    assert not done.get_asset_materialization_events()
    with home.connect("test") as connection:
        assert connection.execute("select count(*) from landing.loads").fetchone() == (0,)
        assert connection.execute("select count(*) from raw_zoho.deals").fetchone() == (0,)


def test_asking_and_fetching_are_one_run_and_the_next_has_nothing_to_do(configured: Installation) -> None:
    done = run()
    assert {"exports", "leads", "deals", "users"} <= materialized(done)
    checks = {one.check_name: one for one in done.get_asset_check_evaluations()}
    assert checks[ASKED].passed
    assert checks[READ].passed
    again = run()
    assert again.success
    assert not again.get_asset_materialization_events()


def test_the_sensor_waits_for_zoho_and_never_for_the_clock(configured: Installation, vendor: Zoho) -> None:
    assert finished(configured) == "No export is under way."
    vendor.jobs.fates["*"] = "IN PROGRESS"
    run(only_ask=True)
    assert finished(configured) == "Zoho works on 2 exports."
    spent = vendor.limits.spent
    done = run(tags=NO_WAIT)
    assert vendor.limits.spent - spent < 50, "waits for nothing, pays for nothing"
    (read,) = (one for one in done.get_asset_check_evaluations() if one.check_name == READ)
    assert read.metadata["waiting"].value == ["Deals", "Leads"]
    with configured.connect("test") as connection, session_lock(connection, LOCK):
        assert finished(configured) == "A run is at it."


def test_what_is_completed_is_told_once_it_is(configured: Installation) -> None:
    run(only_ask=True)
    ready = finished(configured)
    assert isinstance(ready, list)
    assert len(ready) == 2
    assert {"leads", "deals"} <= materialized(run(tags=NO_WAIT))
    assert finished(configured) == "No export is under way."


def test_a_schedule_asks_and_the_sensor_s_job_fetches() -> None:
    contract = contracts.load("zoho")
    (schedule,) = schedules({"zoho": contract}, begun_by={"zoho": PREPARED})
    exported = zoho_assets(contract)
    cut = {one.name: one for one in jobs([prepare_asset(contract), exported], bills=BILLS, exported=exported)}
    assert schedule.cron_schedule == "0 */6 * * *"
    assert cut[EXPORTS].tags == NO_WAIT
    assert "zoho/exports" in str(schedule.job.selection)
    assert "zoho/leads" not in str(schedule.job.selection)
