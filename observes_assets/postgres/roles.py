"""Database roles, made idempotently.

``observes_reader`` sees ``warehouse`` and the releases, nothing else: grant it to people and BI tools. Their
statements, and transactions in which they do nothing, end after ten minutes: old releases must go some day.
``observes_builder`` is what dbt becomes (``set role``): it reads raw tables and the landing's answers and
owns ``staging`` and ``candidate``, and can write nothing else.
"""

from psycopg import Connection, sql

from observes_assets.postgres.locks import lock_transaction

READER = "observes_reader"
BUILDER = "observes_builder"
_READABLE = ("build", "loads", "identities", "ignored_commits")

_CREATE = """
do $$ begin
    create role {role} nologin;
exception when duplicate_object or unique_violation then null; end $$
"""


def create_roles(connection: Connection) -> None:
    """Make the roles and close the database to everybody else."""
    with connection.transaction():
        lock_transaction(connection, "roles")
        for role in (READER, BUILDER):
            connection.execute(sql.SQL(_CREATE).format(role=sql.Identifier(role)))
        database = sql.Identifier(connection.info.dbname)
        connection.execute(sql.SQL("revoke all on database {} from public").format(database))
        for role, privileges in ((READER, "connect"), (BUILDER, "connect, temporary")):
            connection.execute(
                sql.SQL("grant {} on database {} to {}").format(
                    sql.SQL(privileges), database, sql.Identifier(role)
                )
            )
        connection.execute(
            sql.SQL("grant {} to current_user with inherit true, set true").format(sql.Identifier(BUILDER))
        )
        connection.execute("revoke all on schema public from public")
        _limit_others(connection, database)


def _limit_others(connection: Connection, database: sql.Identifier) -> None:
    # Of the database, not of the role: nobody inherits a role's settings, and nobody logs in as the reader.
    for name in ("statement_timeout", "idle_in_transaction_session_timeout"):
        setting = sql.Identifier(name)
        connection.execute(sql.SQL("alter database {} set {} = '10min'").format(database, setting))
        connection.execute(
            sql.SQL("alter role current_user in database {} set {} = 0").format(database, setting)
        )


def grant_builder(connection: Connection, raw_schemas: list[str], version_tables: list[str]) -> None:
    """Let the builder read what staging reads, and make its own two schemas."""
    builder = sql.Identifier(BUILDER)
    with connection.transaction():
        connection.execute(sql.SQL("grant usage on schema landing to {}").format(builder))
        for table in (*_READABLE, *version_tables):
            connection.execute(
                sql.SQL("grant select on {} to {}").format(sql.Identifier("landing", table), builder)
            )
        for function in ("pseudonym(text)", "join_build(text)", "hold_build(text)"):
            connection.execute(
                sql.SQL("grant execute on function landing.{} to {}").format(sql.SQL(function), builder)
            )
        for schema in raw_schemas:
            name = sql.Identifier(schema)
            connection.execute(sql.SQL("grant usage on schema {} to {}").format(name, builder))
            connection.execute(sql.SQL("grant select on all tables in schema {} to {}").format(name, builder))
        connection.execute(sql.SQL("create schema if not exists staging authorization {}").format(builder))


def grant_reader(connection: Connection, schema: str, relations: list[str]) -> None:
    """Let readers read some relations of a schema."""
    reader, name = sql.Identifier(READER), sql.Identifier(schema)
    connection.execute(sql.SQL("grant usage on schema {} to {}").format(name, reader))
    for relation in relations:
        connection.execute(
            sql.SQL("grant select on {} to {}").format(sql.Identifier(schema, relation), reader)
        )
