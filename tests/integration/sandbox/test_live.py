"""``observes sandbox live``: a past for boards, whose history nobody else keeps."""

from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner

from observes_assets.cli.app import app
from observes_assets.cli.sandbox import _evenings as evenings
from observes_assets.errors import SettingsError


def test_evenings_lead_up_to_the_clock_and_after_what_was_observed() -> None:
    def days(until: datetime, observed_until: datetime | None = None) -> list[int]:
        return [one.day for one in evenings(until, 3, observed_until)]

    assert days(datetime(2026, 5, 20, 9, tzinfo=UTC)) == [17, 18, 19]
    assert days(datetime(2026, 5, 20, 18, tzinfo=UTC)) == [17, 18, 19]
    assert days(datetime(2026, 5, 20, 19, tzinfo=UTC)) == [18, 19, 20]
    assert days(datetime(2026, 5, 20, 9, tzinfo=UTC), datetime(2026, 5, 18, 18, tzinfo=UTC)) == [19]


def test_each_day_is_observed_as_it_was(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OBSERVES_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("OBSERVES_POSTGRES_URL", database_url)
    monkeypatch.setenv("OBSERVES_SANDBOX_CLOCK", "2026-01-16T09:00Z")
    done = CliRunner().invoke(app, ["sandbox", "live", "--days", "3", "--json"], catch_exceptions=False)
    assert done.exit_code == 0
    with psycopg.connect(database_url) as connection:
        days = connection.execute(
            """
            select extracted_until::date - date '2026-01-01' + 1, sum(records_written) > 0
            from landing.loads where stream = 'project_items' group by 1 order by 1
            """
        ).fetchall()
    assert days == [(13, True), (14, True), (15, True)]
    again = CliRunner().invoke(app, ["sandbox", "live", "--days", "3", "--json"], catch_exceptions=False)
    assert '"observed": []' in again.stdout


def test_a_real_home_has_no_made_up_past(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OBSERVES_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("OBSERVES_POSTGRES_URL", database_url)
    monkeypatch.setenv("OBSERVES_PORTFOLIO", str(tmp_path / "portfolio.yaml"))
    with pytest.raises(SettingsError, match="not the sandbox's"):
        CliRunner().invoke(app, ["sandbox", "live"], catch_exceptions=False)
