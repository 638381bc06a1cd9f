"""``observes import timedoctor`` as a person calls it."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from observes_assets.cli.app import app
from observes_assets.errors import SettingsError
from observes_assets.installation import Installation

COMPANY = ("--company", "quill")


@pytest.fixture
def installation(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installation:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OBSERVES_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("OBSERVES_POSTGRES_URL", database_url)
    return Installation.from_environment()


def backup(folder: Path, *starts: str) -> Path:
    path = folder / "timedoctor.worklogs.2025-01-01.2025-01-03.singer"
    rows = [{"user_id": "ana", "length": 60 + number, "start_time": at} for number, at in enumerate(starts)]
    lines = [
        {"type": "RECORD", "stream": "worklogs", "record": {**row, "work_mode": "online"}} for row in rows
    ]
    path.write_text("\n".join(json.dumps(line) for line in lines))
    return path


def call(path: Path, *options: str) -> Result:
    result = CliRunner().invoke(app, ["import", "timedoctor", str(path), *options])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def test_backups_are_imported_for_a_named_company_and_what_became_of_each_day_is_told(
    installation: Installation, tmp_path: Path
) -> None:
    path = backup(tmp_path, "2025-01-02T09:00:00Z")
    with pytest.raises(SettingsError, match="don't say whose they are"):
        call(path)
    told = json.loads(call(path, *COMPANY, "--json").stdout)
    assert told == {path.name: {"imported": 3, "records": 1}}
    assert "unchanged" in call(path, *COMPANY).stdout
    refused = call(backup(tmp_path, *["1900-01-01T00:00:00Z"] * 9), *COMPANY)
    assert "1 days were refused" in refused.stderr
    with installation.connect("test") as connection:
        loads = connection.execute(
            "select scope ->> 'day', records_read from landing.loads "
            "where stream = 'worklogs' order by load_id"
        ).fetchall()
    assert sorted(loads[:3]) == [("2025-01-01", 0), ("2025-01-02", 1), ("2025-01-03", 0)]
