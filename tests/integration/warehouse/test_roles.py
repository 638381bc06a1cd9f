"""Who may see and write what, tried on every relation that there is."""

import psycopg
import pytest

from observes_assets.postgres.roles import BUILDER, READER
from observes_assets.warehouse import build
from tests.integration.warehouse.conftest import MARTS, House

_RELATIONS = """
    select n.nspname, c.relname from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
    where c.relkind in ('r', 'v') and n.nspname !~ '^(pg_|information_schema)' order by 1, 2
"""
# The landing's own functions: none of them is anybody's but the builder's.
_FUNCTIONS = """
    select format('select landing.%I(%L)', proname, 'x') from pg_proc
    where pronamespace = 'landing'::regnamespace
"""


@pytest.fixture
def full_house(house: House) -> House:
    """Releases one and two, a candidate, and a row in staging."""
    house.release(1)
    house.release(2)
    house.build(3)
    with house.connect(role=BUILDER) as builder:
        builder.execute("create table staging.stg_git__commits as select 1 as number")
    return house


def relations(house: House) -> list[tuple[str, str]]:
    return list(house.connection.execute(_RELATIONS).fetchall())  # type: ignore[arg-type]


def may(connection: psycopg.Connection, statement: str) -> bool:
    try:
        with connection.transaction(force_rollback=True):
            connection.execute(statement)
    except psycopg.errors.InsufficientPrivilege:
        return False
    return True


def test_readers_see_the_warehouse_and_releases_and_nothing_else(full_house: House) -> None:
    with full_house.connect(role=READER) as reader:
        seen = {
            schema for schema, name in relations(full_house) if may(reader, f"select * from {schema}.{name}")
        }
        hidden = {
            schema
            for schema, name in relations(full_house)
            if not may(reader, f"select * from {schema}.{name}")
        }
        retired = {schema for schema in seen if schema.startswith("warehouse_retired_")}
        assert seen - retired == {"release_1", "release_2", "warehouse"}
        assert hidden == {"candidate", "landing", "raw_git", "raw_portfolio", "staging"}
        for call in full_house.connection.execute(_FUNCTIONS).fetchall():
            assert not may(reader, call[0])


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
    assert not full_house.one(f"select pg_has_role('{READER}', '{BUILDER}', 'member')")


def test_the_builder_writes_only_what_it_builds(full_house: House) -> None:
    with full_house.connect(role=BUILDER) as builder:
        for schema, name in relations(full_house):
            writes = may(builder, f"insert into {schema}.{name} select * from {schema}.{name} limit 0")
            deletes = may(builder, f"delete from {schema}.{name}")
            assert (writes, deletes) == (schema in {"staging", "candidate"},) * 2, (schema, name)
            assert may(builder, f"drop {_kind(full_house, schema, name)} {schema}.{name}") == writes
        for schema in ("landing", "raw_git", "warehouse", "release_1", "public"):
            assert not may(builder, f"create table {schema}.mine ()")


def _kind(house: House, schema: str, name: str) -> str:
    query = "select case relkind when 'v' then 'view' else 'table' end from pg_class where oid = %s::regclass"
    return str(house.one(query, [f"{schema}.{name}"]))


def test_the_builder_reads_what_staging_needs_and_no_key(full_house: House) -> None:
    with full_house.connect(role=BUILDER) as builder:
        readable = {
            name
            for schema, name in relations(full_house)
            if schema == "landing" and may(builder, f"select * from landing.{name}")
        }
        assert readable == {
            "build",
            "loads",
            "identities",
            "ignored_commits",
            "git__commits",
            "git__observations",
            "portfolio__portfolio",
        }
        row = builder.execute("select landing.pseudonym('a@example.com') ~ '^[0-9a-f]{32}$'").fetchone()
        assert row == (True,)


def test_an_upgrade_closes_what_an_upgrade_made(full_house: House) -> None:
    """Set-up again, as after an update: no right is added or lost."""
    query = """
        select array_agg(relacl::text order by oid) from pg_class
        where relnamespace in (select oid from pg_namespace where nspname !~ '^pg_')
    """
    before = full_house.one(query)
    full_house.installation.set_up()
    assert full_house.one(query) == before
    assert not build.is_due(full_house.connection, full_house.identity())
