"""What the look through the candidate's text finds, and what it says of it."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from pydantic import SecretStr

from observes_assets.oath import disclosure
from observes_assets.oath.known_secrets import known_secrets
from observes_assets.postgres.migrate import migrate
from observes_assets.prose import without_people
from observes_assets.settings import Settings
from observes_assets.warehouse import gate

ADDRESS, SECRET, OWN = "an e-mail address", "what looks like a secret", "a secret of this installation"
TOKEN = "gh" + "p_" + "a1B2" * 9


@pytest.fixture
def candidate(database_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("create schema candidate")
        connection.execute(
            "create table candidate.people (who text, free text, tags text[], more jsonb, commits bigint)"
        )
        yield connection


def put(connection: psycopg.Connection, column: str, value: str) -> None:
    connection.execute("truncate candidate.people")
    connection.execute(
        f"insert into candidate.people (who, {column}) values ('x', %s::text::{_kind(column)}), ('y', null)",
        [value],
    )


def _kind(column: str) -> str:
    return {"tags": "text[]", "more": "jsonb"}.get(column, "text")


def found(
    connection: psycopg.Connection,
    *,
    allowed: set[tuple[str, str]] | None = None,
    secrets: tuple[str, ...] = (),
) -> list[Any]:
    return [
        (one.column, one.kind, one.rows)
        for one in disclosure.examine(connection, ["people"], allowed or set(), secrets)
    ]


SHOWN = (
    ("free", "Ada@acme.example", ADDRESS),
    ("free", "ask ada+tag@mail.acme.example, please", ADDRESS),
    ("free", "tab\tbefore\nada@acme.example", ADDRESS),
    ("tags", "{a,ada@acme.example}", ADDRESS),
    ("more", '{"deep": [{"by": "Ada <ada@acme.example>"}]}', ADDRESS),
    ("free", f"token {TOKEN}", SECRET),
    ("free", "AKIA" + "ABCDEFGHIJKLMNOP", SECRET),
    ("free", "glpat-" + "x" * 20, SECRET),
    ("free", "-----BEGIN RSA PRIVATE KEY-----", SECRET),
    ("free", "https://me:pw@db.example/x", SECRET),
    ("free", "eyJhbGciOiJI" + ".eyJzdWIiOiIx" + ".c2lnbmF0dXJl", SECRET),
    ("free", "the words correct-horse-battery", OWN),
)


def test_what_must_not_be_shown_is_found(candidate: psycopg.Connection) -> None:
    for column, value, kind in SHOWN:
        put(candidate, column, value)
        assert (column, kind, 1) in found(candidate, secrets=("correct-horse-battery",)), value


HARMLESS = (
    "nobody",
    "erased:0123456789abcdef0123456789abcdef",
    "git@github.example:acme/web.git",
    "package@1.2.3 and @decorator and a @ b",
    "ghp_short AKIA glpat eyJ PRIVATE KEY",
    "a1b2c3d4e5f6a1b2c3d4e5f6a1b2c3d4e5f6a1b2",
    "",
)


def test_free_text_can_be_published_without_people(candidate: psycopg.Connection) -> None:
    migrate(candidate)
    for column, value, kind in SHOWN:
        if kind != OWN:
            shown = candidate.execute("select landing.without_people(%s)", [value]).fetchone()
            assert shown == (without_people(str(value)),)  # what notifications go through
            put(candidate, "free", shown[0])
            assert found(candidate) == [], (column, value)
    for value in HARMLESS:
        assert candidate.execute("select landing.without_people(%s)", [value]).fetchone() == (value,)
        assert without_people(value) == value


def test_what_may_be_shown_is_not(candidate: psycopg.Connection) -> None:
    for value in HARMLESS:
        put(candidate, "free", value)
        assert found(candidate, secrets=("short",)) == [], value


def test_allowed_columns_may_show_people_and_only_they(candidate: psycopg.Connection) -> None:
    put(candidate, "free", "ada@acme.example")
    assert found(candidate, allowed={("people", "free")}) == []
    assert found(candidate, allowed={("people", "tags")}) == [("free", ADDRESS, 1)]


def test_what_is_told_names_no_value(candidate: psycopg.Connection, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    put(candidate, "free", f"ada@acme.example {TOKEN}")
    manifest = {
        "nodes": {
            "model.people": {
                "resource_type": "model",
                "name": "people",
                "fqn": ["observes", "marts", "people"],
                "columns": {},
            }
        }
    }
    result = disclosure.examine_candidate(candidate, manifest, {}, [])
    assert (result.name, result.is_blocking, result.has_passed, result.failures) == (
        gate.DISCLOSURE,
        True,
        False,
        2,
    )
    assert result.message == f"people.free shows {ADDRESS} in 1 rows; people.free shows {SECRET} in 1 rows"
    assert "ada@" not in caplog.text


def test_every_secret_of_the_settings_is_known(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("OBSERVES_GIT_ACME_TOKEN", "a token for git")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "an aws secret")
    settings = Settings(
        home=tmp_path,
        postgres_url=SecretStr("postgresql://me:p%20w@db.example/x"),
        pseudonym_key=SecretStr("a key for tests, 32 characters or more"),
        github_token=SecretStr("a token for github"),
    )
    known = set(known_secrets(settings))
    assert {
        "a token for git",
        "an aws secret",
        "p w",
        "p%20w",
        "a token for github",
        "a key for tests, 32 characters or more",
    } <= known
