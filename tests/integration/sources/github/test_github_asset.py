"""GitHub in Dagster's graph, without credentials: not configured, which is no failure."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from dagster import materialize

from observes_assets.cli.status import _document
from observes_assets.incidents.watch import watch
from observes_assets.installation import Installation
from observes_assets.resources import InstallationResource
from observes_assets.sources.github.assets import OBSERVED, github_assets
from observes_assets.sources.observes.recording import attempts


@pytest.fixture
def installation(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installation:
    """A real home, since it names a portfolio, that names no GitHub."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OBSERVES_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("OBSERVES_POSTGRES_URL", database_url)
    monkeypatch.setenv("OBSERVES_PORTFOLIO", str(tmp_path / "portfolio.yaml"))
    return Installation.from_environment()


def test_without_credentials_tables_are_empty_and_nothing_fails(installation: Installation) -> None:
    contract = installation.contracts["github"]
    done = materialize([github_assets(contract)], resources={"installation": InstallationResource()})
    assert done.success
    checks = done.get_asset_check_evaluations()
    assert {one.check_name for one in checks} >= {OBSERVED, "structure", "accepted"}
    assert all(one.passed for one in checks)
    assert not done.get_asset_materialization_events()
    with installation.connect("test") as connection:
        for stream in contract.streams:
            row = connection.execute(f"select count(*) from raw_github.{stream}").fetchone()
            assert row == (0,)
        assert connection.execute("select count(*) from landing.loads").fetchone() == (0,)
        now = datetime.now(UTC)
        streams = _document(installation, connection, now)["streams"]
        states = {
            one["source"]: {each["state"] for each in streams if each["source"] == one["source"]}
            for one in streams
        }
        assert (states["github"], states["git"]) == ({"not configured"}, {"never loaded"})
        # Long after the first run of anything, nobody is told that GitHub was never read.
        with attempts(installation, connection, installation.contracts["portfolio"], "test") as extractor:
            extractor.note("portfolio", {}, now)
        told = watch(installation, connection, clock=lambda: now + timedelta(days=9)).incidents
        assert {one.source for one in told} >= {"portfolio"}
        assert "github" not in {one.source for one in told}
