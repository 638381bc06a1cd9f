"""``observes contract``: what people and CI see of it."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from observes_assets.cli.app import app
from observes_assets.errors import SettingsError
from observes_assets.installation import SOURCES
from tests.unit.contracts.shop import fields_of, shop, text


def run(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["contract", *arguments])
    if isinstance(done.exception, SettingsError):
        raise done.exception
    return done.exit_code, done.output


@pytest.fixture
def old(tmp_path: Path) -> Path:
    path = tmp_path / "contract.yaml"
    path.write_bytes(text(shop()))
    return path


def test_lint_of_every_source_and_of_a_file(old: Path) -> None:
    assert run("lint") == (0, f"{len(SOURCES)} contracts: complete\n")
    assert run("lint", str(old), str(old.parent)) == (0, "2 contracts: complete\n")
    document = shop()
    del fields_of(document)["amount"]["description"]
    old.rename(old.with_name("shop.yaml")).write_bytes(text(document))
    code, said = run("lint", str(old.with_name("shop.yaml")))
    assert code == 1
    assert said.splitlines() == [
        "shop/orders.amount: no description. Say what it holds, and what null means.",
        "1 contracts, 1 incomplete",
    ]
    code, said = run("lint", str(old.with_name("shop.yaml")), "--json")
    assert code == 1
    assert json.loads(said) == [
        {
            "place": "shop/orders.amount",
            "source": "shop",
            "stream": "orders",
            "field": "amount",
            "problem": "no description",
            "remedy": "Say what it holds, and what null means.",
        }
    ]


def test_list_names_who_answers() -> None:
    assert [row["source"] for row in json.loads(run("list", "--json")[1])] == list(SOURCES)
    said = run("list")[1]
    assert "data-platform-on-call" in said
    assert "finance" in said


def test_show_says_all_of_it(old: Path) -> None:
    shown = json.loads(run("show", str(old), "--json")[1])
    assert (shown["owner"], shown["on_call"]) == ("shop-team", "rota@example.com")
    (stream,) = shown["streams"]
    assert (stream["latency_seconds"], stream["availability"]) == (5400, 0.95)
    assert stream["customs"]["volumeBand"] == {"minimumShare": 0.5, "maximumShare": 2.0}
    classes = {field["path"]: field["classification"] for field in stream["fields"]}
    assert (classes["email"], classes["lines[].voucher"]) == ("personal", "secret")
    said = run("show", "git")[1]
    for words in ("every commit that can be reached", "data-platform-on-call", "author_email", "26 h"):
        assert words in said or words.capitalize() in said


def test_diff_ends_with_1_only_if_something_breaks(old: Path, tmp_path: Path) -> None:
    new = tmp_path / "new.yaml"
    document = shop()
    fields_of(document)["amount"]["description"] = "What was paid."
    new.write_bytes(text(document))
    assert run("diff", str(old), str(old)) == (0, "Nothing that is promised has changed.\n")
    code, said = run("diff", str(old), str(new))
    assert code == 0
    assert "compatible" in said
    fields_of(document)["amount"]["required"] = False
    new.write_bytes(text(document))
    code, said = run("diff", str(old), str(new), "--json")
    assert code == 1
    assert json.loads(said)[0] == {
        "is_breaking": True,
        "place": "orders.amount",
        "change": "may be absent or null now",
    }


def test_a_source_may_be_held_against_an_older_file(old: Path) -> None:
    code, said = run("diff", str(old), "git")
    assert code == 1
    assert "the stream is gone" in said


def test_what_is_no_contract_is_said_with_what_there_is() -> None:
    with pytest.raises(SettingsError, match="Name a source"):
        run("show", "nowhere")
