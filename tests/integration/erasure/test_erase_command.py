"""``observes erase`` as a person calls it."""

import json
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from observes_assets.cli.app import app
from observes_assets.erasure import carrying_out
from observes_assets.errors import SettingsError
from observes_assets.incidents.watch import watch
from observes_assets.postgres.roles import ERASER, LOADER, acting
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


def status(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["status", *arguments], catch_exceptions=False)
    return result.stdout


def test_an_erasure_that_was_killed_is_shown_with_what_to_do(
    place_of_the_environment: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = place_of_the_environment
    place.connection.execute("update landing.releases set is_on_show = false")  # it has no mart for status
    assert json.loads(status("--json"))["unfinished_erasure"] is None

    class Killed(BaseException):
        """As a kill is: nobody catches it."""

    def dies(*_arguments: object) -> None:
        told = json.loads(status("--json"))["unfinished_erasure"]
        assert (told["erasure"], told["what_to_do"]) == (1, None)
        assert "Erasure 1 is under way." in status()
        raise Killed

    people = carrying_out.identify(place.installation, place.connection, [ADA])
    with monkeypatch.context() as patch, acting(place.connection, ERASER):
        patch.setattr(carrying_out, "_rewrite", dies)
        with pytest.raises(Killed):
            carrying_out.erase(place.installation, place.connection, people, why="asked for")
    told = json.loads(status("--json"))["unfinished_erasure"]
    assert (told["erasure"], told["what_to_do"]) == (1, "observes erase resume")
    assert "Erasure 1 was broken off: `observes erase resume` carries it out to its end." in status()
    with acting(place.connection, LOADER):
        (incident,) = watch(place.installation, place.connection).incidents
    assert (incident.kind, incident.severity) == ("broken_erasure", "incident")
    assert "Erasure 1: rewritten" in call("resume").stdout
    assert place.naming(ADA) == []
    with acting(place.connection, LOADER):
        assert watch(place.installation, place.connection).incidents == []
