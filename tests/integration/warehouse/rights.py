"""What a session may see, write and call, tried on everything that there is."""

import psycopg

from tests.integration.warehouse.conftest import House

_RELATIONS = """
    select n.nspname, c.relname from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
    where c.relkind in ('r', 'v') and n.nspname !~ '^(pg_|information_schema)' order by 1, 2
"""
# The landing's own functions, with as many words as each takes.
_FUNCTIONS = """
    select format('select landing.%I(%s)', proname, repeat(quote_literal('x'), pronargs))
    from pg_proc where pronamespace = 'landing'::regnamespace
"""
TAKES_CANDIDATE = "select landing.take_candidate()"


def relations(house: House) -> list[tuple[str, str]]:
    return list(house.connection.execute(_RELATIONS).fetchall())  # type: ignore[arg-type]


def raw_schemas(house: House) -> set[str]:
    return {schema for schema, _ in relations(house) if schema.startswith("raw_")}


def may(connection: psycopg.Connection, statement: str) -> bool:
    try:
        with connection.transaction(force_rollback=True):
            connection.execute(statement)
    except psycopg.errors.InsufficientPrivilege:
        return False
    except psycopg.errors.ObjectNotInPrerequisiteState:
        return False  # a view that nobody can write into
    return True


def readable(connection: psycopg.Connection, house: House) -> set[tuple[str, str]]:
    return {one for one in relations(house) if may(connection, f"select * from {one[0]}.{one[1]}")}


def writable(connection: psycopg.Connection, house: House) -> set[tuple[str, str]]:
    found = set()
    for schema, name in relations(house):
        table = f"{schema}.{name}"
        insert = f"insert into {table} overriding system value select (null::{table}).* limit 0"
        tries = [insert, f"delete from {table}"]
        tries += [f"truncate {table}"] if kind(house, schema, name) == "table" else []
        if any(may(connection, one) for one in tries):
            found.add((schema, name))
    return found


def callable_by(connection: psycopg.Connection, house: House) -> set[str]:
    calls = {call for (call,) in house.connection.execute(_FUNCTIONS).fetchall()}
    return {call for call in calls if may(connection, call)}


def kind(house: House, schema: str, name: str) -> str:
    query = "select case relkind when 'v' then 'view' else 'table' end from pg_class where oid = %s::regclass"
    return str(house.one(query, [f"{schema}.{name}"]))
