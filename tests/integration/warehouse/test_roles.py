"""Who may see and write what, tried on every relation that there is."""

from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from observes_assets.postgres.roles import BILLING, BUILDER, ERASER, LOADER, PUBLISHER, READER, acting
from observes_assets.postgres.url import with_database
from observes_assets.warehouse import build, publish
from tests.integration.warehouse.conftest import MARTS, REQUIRED, House
from tests.integration.warehouse.rights import (
    callable_by,
    kind,
    may,
    raw_schemas,
    readable,
    relations,
    writable,
)

ROLES = (LOADER, BUILDER, PUBLISHER, BILLING, ERASER, READER)
PASSWORD = "for a test only"
# What no landing says: what is built, on show and erased, and whose installation this is.
_OURS = {"build", "check_results", "erasures", "installation", "releases"}


def test_readers_see_the_warehouse_and_releases_and_nothing_else(full_house: House) -> None:
    with full_house.connect(role=READER) as reader:
        seen = {schema for schema, _ in readable(reader, full_house)}
        hidden = {schema for schema, _ in set(relations(full_house)) - readable(reader, full_house)}
        retired = {schema for schema in seen if schema.startswith("warehouse_retired_")}
        assert seen - retired == {"release_1", "release_2", "warehouse"}
        assert hidden == {"candidate", "landing", "staging", *raw_schemas(full_house)}
        assert callable_by(reader, full_house) == set()


def test_readers_write_nothing(full_house: House) -> None:
    with full_house.connect(role=READER) as reader:
        for schema in ("warehouse", "release_2", "public", "staging", "candidate", "landing"):
            assert not may(reader, f"create table {schema}.mine ()")
        for mart in MARTS:
            for schema in ("warehouse", "release_2"):
                assert not may(reader, f"delete from {schema}.{mart}")
                assert not may(reader, f"drop {'view' if schema == 'warehouse' else 'table'} {schema}.{mart}")
        assert not may(reader, "create temporary table mine ()")
        assert not may(reader, "create schema mine")
    for role in (LOADER, BUILDER, PUBLISHER, BILLING, ERASER):
        assert not full_house.one(f"select pg_has_role('{READER}', '{role}', 'member')")


def test_readers_see_no_column_that_shows_people_and_bills_do(house: House) -> None:
    house.build(1, required=REQUIRED)
    # As a mart's yml says it: by the requirements of the build.
    house.connection.execute(
        "update landing.build set requirements = jsonb_set(requirements, '{personal_columns}', %s)",
        [psycopg.types.json.Jsonb({"alpha": ["number"]})],
    )
    with house.connect(role=PUBLISHER) as publisher:
        publisher.execute("alter table candidate.alpha add column free integer")
    with acting(house.connection, PUBLISHER):
        publish.publish_candidate(house.connection, house.installation.bucket)
    for schema in ("release_1", "warehouse"):
        with house.connect(role=READER) as reader:
            assert not may(reader, f"select * from {schema}.alpha")
            assert not may(reader, f"select number from {schema}.alpha")
            assert may(reader, f"select free from {schema}.alpha")
            assert may(reader, f"select * from {schema}.beta")
        with house.connect(role=BILLING) as billing:
            assert may(billing, f"select * from {schema}.alpha")


def test_the_builder_writes_only_what_it_builds(full_house: House) -> None:
    with full_house.connect(role=BUILDER) as builder:
        written = writable(builder, full_house)
        # A candidate that was tested is not the builder's any more: what was tested is what is published.
        assert written == {one for one in relations(full_house) if one[0] == "staging"}
        for schema, name in relations(full_house):
            drops = may(builder, f"drop {kind(full_house, schema, name)} {schema}.{name}")
            assert drops == ((schema, name) in written)
        for schema in ("landing", "raw_git", "warehouse", "release_1", "public"):
            assert not may(builder, f"create table {schema}.mine ()")


def test_the_builder_reads_what_staging_needs_and_no_key(full_house: House) -> None:
    versions = {name for schema, name in relations(full_house) if schema == "landing" and "__" in name}
    with full_house.connect(role=BUILDER) as builder:
        found = {name for schema, name in readable(builder, full_house) if schema == "landing"}
        assert found == {"build", "loads", "identities", "ignored_commits"} | versions
        row = builder.execute(
            "select landing.person_id(' A@Example.com') = landing.pseudonym('a@example.com')"
        )
        assert row.fetchone() == (True,)


def test_the_loader_writes_raw_tables_and_the_ledger_and_nothing_else(full_house: House) -> None:
    schemas = raw_schemas(full_house)
    ours = {("landing", name) for name in _OURS}
    everything = {one for one in relations(full_house) if one[0] == "landing" or one[0] in schemas}
    with full_house.connect(role=LOADER) as loader:
        assert writable(loader, full_house) == everything - ours - {("landing", "pseudonym_key")}
        assert readable(loader, full_house) == everything - {("landing", "pseudonym_key")}
        for schema in ("landing", "raw_git", "candidate", "release_1", "warehouse", "public"):
            assert not may(loader, f"create table {schema}.mine ()")
            assert not may(loader, f"drop schema {schema}")
        assert not may(loader, "drop table raw_git.commits")
        assert callable_by(loader, full_house) == set()


def test_billing_reads_marts_and_the_ledger_and_pins_releases(full_house: House) -> None:
    with full_house.connect(role=BILLING) as billing:
        seen = readable(billing, full_house)
        assert {name for schema, name in seen if schema == "landing"} == {
            "releases",
            "loads",
            "batches",
            "hold",
            "attempts",
        }
        assert may(billing, "select state, reason, requirements from landing.build")
        assert not may(billing, "select token from landing.build")
        assert {one for one in seen if one[0].startswith("raw_")} == {
            ("raw_git", "observations"),
            ("raw_observes", "closings"),
        }
        assert {("release_2", mart) for mart in MARTS} <= seen
        assert not {schema for schema, _ in seen} & {"candidate", "staging"}
        assert writable(billing, full_house) == set()
        assert may(billing, "update landing.releases set is_pinned = true")
        assert not may(billing, "update landing.releases set is_on_show = true")
        assert not may(billing, "create temporary table mine ()")
        assert callable_by(billing, full_house) == set()


@pytest.fixture
def logins(full_house: House) -> Iterator[dict[str, str]]:
    """Somebody's login for each role, and one without any."""
    connection = full_house.connection
    names = {role: f"person_with_{role}" for role in (*ROLES, "none")}
    for role, name in names.items():
        login = sql.Identifier(name)
        connection.execute(sql.SQL("create role {} login password {}").format(login, PASSWORD))
        if role != "none":
            connection.execute(sql.SQL("grant {} to {}").format(sql.Identifier(role), login))
    yield names
    for name in names.values():
        connection.execute(sql.SQL("drop role {}").format(sql.Identifier(name)))


def connects(url: str, login: str) -> bool:
    try:
        psycopg.connect(make_conninfo(url, user=login, password=PASSWORD)).close()
    except psycopg.OperationalError as error:
        if "permission denied for database" in str(error):
            return False
        raise
    return True


def test_nobody_connects_to_dagster_s_database(full_house: House, logins: dict[str, str]) -> None:
    dagster = full_house.installation.dagster_database_url
    try:
        assert psycopg.connect(dagster).close() is None
        for role, login in logins.items():
            assert connects(full_house.url, login) == (role != "none"), role
            assert not connects(dagster, login), role
            if role not in {"none", ERASER}:
                with psycopg.connect(make_conninfo(full_house.url, user=login, password=PASSWORD)) as person:
                    assert not may(person, "select * from landing.pseudonym_key")
                    others = {*ROLES} - {role}
                    assert not [other for other in others if may(person, f"set role {other}")]
    finally:
        name = full_house.installation.database_name
        with psycopg.connect(with_database(full_house.url, "postgres"), autocommit=True) as server:
            database = sql.Identifier(f"{name}_dagster")
            server.execute(sql.SQL("drop database if exists {} with (force)").format(database))


def test_an_upgrade_closes_what_an_upgrade_made(full_house: House) -> None:
    """Set-up again, as after an update: no right is added or lost."""
    query = """
        select array_agg(relacl::text order by oid) from pg_class
        where relnamespace in (select oid from pg_namespace where nspname !~ '^pg_')
    """
    before = full_house.one(query)
    full_house.installation.set_up(again=True)
    assert full_house.one(query) == before
    assert not build.is_due(full_house.connection, full_house.identity())
