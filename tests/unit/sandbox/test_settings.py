"""What makes a home the sandbox's, and which settings name the world outside."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from observes_assets.sandbox.vendors import clock
from observes_assets.settings import Settings, load_settings

REAL = {
    "OBSERVES_PORTFOLIO": "portfolio.yaml",
    "OBSERVES_GITHUB_TOKEN": "secret",
    "OBSERVES_GITHUB_APP_ID": "1",
    "OBSERVES_GITHUB_ORGANIZATIONS": "octo",
    "OBSERVES_GITHUB_REPOSITORIES": "octo/site",
}


@pytest.fixture(autouse=True)
def _empty_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in (*REAL, "OBSERVES_HOME", "OBSERVES_SANDBOX_CLOCK"):
        monkeypatch.delenv(name, raising=False)


def test_without_a_vendor_the_sandbox_has_a_home_of_its_own(tmp_path: Path) -> None:
    settings = load_settings()
    assert settings.is_sandbox
    assert settings.home == tmp_path / ".observes" / "sandbox"
    assert Settings(home=tmp_path / "mine").home == tmp_path / "mine"


@pytest.mark.parametrize("name", REAL)
def test_each_vendor_that_is_named_makes_it_real(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(name, REAL[name])
    settings = load_settings()
    assert not settings.is_sandbox
    assert settings.real_vendors == [name]
    assert settings.home == tmp_path / ".observes"


def test_the_clock_stands_where_it_is_set_or_at_this_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OBSERVES_SANDBOX_CLOCK", "2026-05-01T09:30:00+02:00")
    assert clock(load_settings()) == datetime(2026, 5, 1, 7, 30, tzinfo=UTC)
    monkeypatch.delenv("OBSERVES_SANDBOX_CLOCK")
    before = datetime.now(UTC)
    here = clock(load_settings())
    assert (here.minute, here.second, here.microsecond) == (0, 0, 0)
    assert before - timedelta(hours=1) < here <= datetime.now(UTC)
