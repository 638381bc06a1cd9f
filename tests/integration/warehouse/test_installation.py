"""A home, a Postgres and a bucket that belong together, or are told apart."""

from collections.abc import Callable, Iterator
from pathlib import Path
from secrets import token_hex
from typing import Any

import psycopg
import pytest

from observes_assets.cli.preparing import only_run
from observes_assets.errors import BusyError, ObservesError
from observes_assets.installation import Installation
from observes_assets.postgres.connect import ensure_database
from observes_assets.postgres.server import EmbeddedServer
from observes_assets.postgres.url import with_database

NewInstallation = Callable[..., Installation]


@pytest.fixture
def free_url(embedded_server: EmbeddedServer) -> Iterator[str]:
    """URL of a database that does not exist."""
    name = f"free_{token_hex(6)}"
    yield with_database(embedded_server.start(), name)
    with psycopg.connect(embedded_server.start(), autocommit=True) as connection:
        connection.execute(f"drop database if exists {name} with (force)")


def test_a_url_may_name_the_database_that_is_to_be_made(
    new_installation: NewInstallation, free_url: str
) -> None:
    installation = new_installation(free_url)
    with installation.connect("test") as connection:
        row = connection.execute("select current_database(), count(*) from landing.installation").fetchone()
    assert row == (installation.database_name, 1)


def test_postgres_and_bucket_know_each_other(
    new_installation: NewInstallation, database_url: str, free_url: str, tmp_path: Path
) -> None:
    """Two installations on one bucket, or one on another's: whoever comes second is told."""
    first = new_installation(database_url)
    new_installation(database_url)  # again: nothing to say
    with pytest.raises(ObservesError, match=r"has no observes\.json"):
        new_installation(database_url, bucket=tmp_path / "emptied")
    assert not list((tmp_path / "emptied").rglob("*.json"))

    ensure_database(free_url, free_url.rpartition("/")[2].partition("?")[0])
    new_installation(free_url, bucket=tmp_path / "other")
    with pytest.raises(ObservesError, match="OBSERVES_POSTGRES_URL and OBSERVES_BUCKET_URL"):
        new_installation(free_url, bucket=tmp_path / "bucket")
    assert [name for name in first.bucket.names("") if not name.startswith("contracts/")] == ["observes.json"]


def test_what_is_made_is_made_once(new_installation: NewInstallation, database_url: str) -> None:
    """Set up again by the same program: no row of the catalogue is touched, unless something is missing."""
    rows = "select array_agg(xmin::text order by oid) from pg_class where relname = 'commits'"
    may = "select has_table_privilege('observes_builder', 'raw_git.commits', 'select')"

    def one(query: str) -> Any:
        with installation.connect("test") as connection:
            return (connection.execute(query).fetchone() or (None,))[0]

    installation = new_installation(database_url)
    before = one(rows)
    assert one(may)
    new_installation(database_url)
    assert one(rows) == before
    with installation.connect("test") as connection:
        connection.execute("revoke select on raw_git.commits from observes_builder")
    new_installation(database_url).set_up(again=True)
    assert one(may)
    with installation.connect("test") as connection:
        connection.execute("drop schema raw_git cascade")
    new_installation(database_url)
    assert one(may)


def test_a_busy_failure_inside_a_run_is_told_as_what_it_is(
    new_installation: NewInstallation, database_url: str
) -> None:
    with (
        pytest.raises(BusyError, match="Another process archived"),
        only_run(new_installation(database_url), wait=True),
    ):
        raise BusyError("Another process archived it first.")


def test_a_new_database_over_an_old_bucket_becomes_the_same_installation(
    new_installation: NewInstallation, database_url: str, free_url: str
) -> None:
    ids = []
    for url in (database_url, free_url):
        with new_installation(url).connect("test") as connection:
            ids.append(connection.execute("select installation_id from landing.installation").fetchone())
    assert ids[0] == ids[1]
