"""``observes erase`` as a person calls it."""

import json
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from observes_assets.cli.app import app
from observes_assets.errors import SettingsError
from tests.integration.erasure.conftest import ADA, Place


@pytest.fixture
def place_of_the_environment(place: Place, monkeypatch: pytest.MonkeyPatch) -> Place:
    settings = place.installation.settings
    assert settings.postgres_url is not None
    assert settings.pseudonym_key is not None
    monkeypatch.setenv("OBSERVES_HOME", str(settings.home))
    monkeypatch.setenv("OBSERVES_POSTGRES_URL", settings.postgres_url.get_secret_value())
    monkeypatch.setenv("OBSERVES_BUCKET_URL", settings.bucket)
    monkeypatch.setenv("OBSERVES_PSEUDONYM_KEY", settings.pseudonym_key.get_secret_value())
    return place


def call(*arguments: str, said: str = "") -> Result:
    result = CliRunner().invoke(app, ["erase", *arguments], input=said)
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def document(*arguments: str, said: str = "") -> Any:
    text = call(*arguments, "--json", said=said).stdout
    return json.loads(text)


def test_a_person_is_erased_by_what_is_typed(place_of_the_environment: Place) -> None:
    place = place_of_the_environment
    with pytest.raises(SettingsError, match="Nobody is named"):
        call()
    with pytest.raises(SettingsError, match="Nobody can be asked"):
        call("--person", "-", said=f"{ADA}\n")
    with pytest.raises(SettingsError, match="empty identifier"):
        call("--person", " ", "--yes")
    assert place.naming(ADA)

    dry = document("--person", "-", "--dry-run", said=f"{ADA}\n\n")
    assert (dry["number"], dry["is_dry"], dry["identifier_count"], dry["total"]["records"]) == (
        None,
        True,
        2,
        7,
    )
    assert document("list") == []

    told = call("--person", "-", "--yes", "--why", "asked for", said=f"{ADA}\n")
    assert "Erasure 1: rewritten" in told.stdout
    assert "Bills of closed months" in told.stdout
    assert ADA.lower() not in told.stdout.lower()
    assert place.naming(ADA) == []

    (one,) = document("list")
    assert (one["erasure"], one["why"], one["is_finished"], one["identifiers"]) == (1, "asked for", True, 2)
    assert one["exempt"]
    assert call("resume").stdout == "Every erasure is carried out.\n"
    recorded = place.one("select record from raw_observes.erasures")
    assert (recorded["erasure"], len(recorded["pseudonyms"])) == (1, 2)
