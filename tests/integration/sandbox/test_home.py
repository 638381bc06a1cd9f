"""A home is the sandbox's or real, for good; and in a sandbox its own servers stand for the vendors."""

from pathlib import Path
from typing import Any

import psycopg
import pytest
import requests
from pydantic import SecretStr

from observes_assets.errors import SettingsError
from observes_assets.installation import Installation
from observes_assets.sandbox.vendors import vendors
from observes_assets.settings import Settings

KEY = SecretStr("a key for tests, 32 characters or more")


def installation(home: Path, url: str, **more: Any) -> Installation:
    settings = Settings(_env_file=None, home=home, postgres_url=url, pseudonym_key=KEY, **more)  # type: ignore[call-arg]
    return Installation(settings)


@pytest.fixture
def portfolio(tmp_path: Path) -> Path:
    return tmp_path / "portfolio.yaml"


def test_real_settings_are_refused_in_a_sandbox(database_url: str, tmp_path: Path, portfolio: Path) -> None:
    installation(tmp_path, database_url).set_up()
    installation(tmp_path, database_url).set_up()  # again: nothing to say
    with psycopg.connect(database_url) as connection:
        assert connection.execute("select kind from landing.installation").fetchall() == [("sandbox",)]
    with pytest.raises(SettingsError, match="OBSERVES_PORTFOLIO names a real vendor") as refused:
        installation(tmp_path, database_url, portfolio=portfolio).set_up()
    assert "OBSERVES_HOME" in refused.value.remedy
    with pytest.raises(SettingsError, match="OBSERVES_GITHUB_TOKEN names a real vendor"):
        installation(tmp_path, database_url, github_token="secret").set_up()


def test_the_sandbox_is_refused_where_real_data_is(
    database_url: str, tmp_path: Path, portfolio: Path
) -> None:
    installation(tmp_path, database_url, portfolio=portfolio).set_up()
    with pytest.raises(SettingsError, match="holds real data"):
        installation(tmp_path, database_url).set_up()


def test_the_bucket_knows_by_itself(database_url: str, tmp_path: Path, portfolio: Path) -> None:
    """Postgres was lost; what the bucket holds is still made up."""
    installation(tmp_path, database_url).set_up()
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("delete from landing.installation")
    with pytest.raises(SettingsError, match=r"The bucket .* holds the sandbox's made-up company"):
        installation(tmp_path, database_url, portfolio=portfolio).set_up()
    with psycopg.connect(database_url) as connection:
        assert connection.execute("select count(*) from landing.installation").fetchone() == (0,)


def test_the_sandboxs_own_servers_stand_for_the_vendors(tmp_path: Path) -> None:
    """The address is part of what a vendor says: it is the same in every run and process of a home."""
    settings = Settings(_env_file=None, home=tmp_path)  # type: ignore[call-arg]
    with vendors(settings) as first, vendors(settings) as second:
        assert first.github_api_url == second.github_api_url
        for told in (first, second):
            assert told.github_token
            headers = {"Authorization": f"Bearer {told.github_token.get_secret_value()}"}
            url = f"{told.github_api_url}/orgs/{told.github_organizations}"
            found = requests.get(url, headers=headers, timeout=120)
            assert found.json()["login"] == told.github_organizations
    with vendors(settings) as again:
        assert again.github_api_url == first.github_api_url
    others = set()
    for number in range(3):  # two homes may happen to share a port
        with vendors(Settings(_env_file=None, home=tmp_path / f"{number}")) as other:  # type: ignore[call-arg]
            others.add(other.github_api_url)
    assert others - {first.github_api_url}


def test_real_settings_are_left_alone(tmp_path: Path) -> None:
    settings = Settings(_env_file=None, home=tmp_path, github_token=SecretStr("secret"))  # type: ignore[call-arg]
    with vendors(settings) as told:
        assert told is settings
