"""Database roles, made idempotently: each may do what its work needs, and nothing else.

- ``observes_loader`` is what extraction and landing become: it writes raw tables, versions and the ledger.
- ``observes_builder`` is what dbt becomes: it reads raw tables and the landing's answers, and writes
  ``staging`` and ``candidate``.
- ``observes_publisher`` is what surrounds dbt, and what publishes: it writes down builds and what came of
  their checks, takes a tested candidate from the builder, and owns releases and ``warehouse``.
- ``observes_billing`` is what bills become: it reads marts, people in plain text among them, and the ledger.
- ``observes_eraser`` is what an erasure becomes: it has what loader and publisher have, since it rewrites
  what they wrote, and alone writes down who is erased.
- ``observes_reader`` is for people and BI tools: ``warehouse`` and the releases, without the columns that
  show people in plain text.

Nobody logs in as one of them: Observes' own login makes the tables and takes a role (``set role``) for the
work; grant the reader to the logins of people. Only the login reads the pseudonym key, and only it connects
to Dagster's database.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from psycopg import Connection, errors, sql

from observes_assets.errors import ObservesError
from observes_assets.postgres.locks import lock_transaction

LOADER = "observes_loader"
BUILDER = "observes_builder"
PUBLISHER = "observes_publisher"
BILLING = "observes_billing"
ERASER = "observes_eraser"
READER = "observes_reader"
_OWN = (LOADER, BUILDER, PUBLISHER, BILLING, ERASER)
_DATABASE = {
    LOADER: "connect, temporary",
    BUILDER: "connect, temporary",
    PUBLISHER: "connect, create",
    BILLING: "connect",
    ERASER: "connect",
    READER: "connect",
}
ROLES = tuple(_DATABASE)
_BUILDER_READS = ("build", "loads", "identities", "ignored_commits")
_LOADER_READS = ("build", "releases", "check_results", "installation", "erasures")
_BILLING_READS = ("releases", "loads", "batches", "hold", "attempts")
_PUBLISHER_READS = ("loads", "batches", "attempts", "erasures")
_PUBLISHER_WRITES = ("build", "check_results", "releases", "hold")
_KEY = "pseudonym_key"
_LONGEST_WAIT = "10s"

_CREATE = """
do $$ begin
    create role {role} nologin;
exception when duplicate_object or unique_violation then null; end $$
"""


def create_roles(connection: Connection) -> None:
    """Make the roles and close the database to everybody else."""
    with connection.transaction():
        lock_transaction(connection, "roles")
        database = sql.Identifier(connection.info.dbname)
        close_database(connection, connection.info.dbname)
        for role, privileges in _DATABASE.items():
            name = sql.Identifier(role)
            connection.execute(sql.SQL(_CREATE).format(role=name))
            connection.execute(
                sql.SQL("grant {} on database {} to {}").format(sql.SQL(privileges), database, name)
            )
        for role in _OWN:
            connection.execute(
                sql.SQL("grant {} to current_user with inherit true, set true").format(sql.Identifier(role))
            )
        for role in (LOADER, PUBLISHER):
            connection.execute(sql.SQL("grant {} to {}").format(sql.Identifier(role), sql.Identifier(ERASER)))
        connection.execute("revoke all on schema public from public")
        _limit_others(connection, database)


def close_database(connection: Connection, name: str) -> None:
    """Let nobody but its owner connect to a database, if there is one of that name on this server."""
    found = connection.execute("select from pg_database where datname = %s", [name]).fetchone()
    if found is not None:
        connection.execute(sql.SQL("revoke all on database {} from public").format(sql.Identifier(name)))


def _limit_others(connection: Connection, database: sql.Identifier) -> None:
    # Of the database, not of the role: nobody inherits a role's settings, and nobody logs in as the reader.
    for name in ("statement_timeout", "idle_in_transaction_session_timeout"):
        setting = sql.Identifier(name)
        connection.execute(sql.SQL("alter database {} set {} = '10min'").format(database, setting))
        connection.execute(
            sql.SQL("alter role current_user in database {} set {} = 0").format(database, setting)
        )


@contextmanager
def acting(connection: Connection, role: str) -> Iterator[None]:
    """Have a role's rights, and no others, for the block. The connection must be outside of a transaction."""
    before = connection.execute(
        "select current_setting('role'), set_config('role', %s, false)", [role]
    ).fetchone()
    assert before is not None
    try:
        yield
    finally:
        if not connection.closed:
            connection.execute("select set_config('role', %s, false)", [before[0]])


def grant_builder(connection: Connection, raw_schemas: list[str], version_tables: list[str]) -> None:
    """Let the builder read what staging reads, and make its own two schemas."""
    builder = sql.Identifier(BUILDER)
    with connection.transaction():
        _grant(connection, BUILDER, "usage", "schema landing")
        for table in (*_BUILDER_READS, *version_tables):
            _grant_on(connection, BUILDER, "select", "landing", table)
        for function in (
            "pseudonym(text)",
            "canonical(text)",
            "person_id(text)",
            "without_people(text)",
            "join_build(text)",
            "hold_build(text)",
        ):
            _grant(connection, BUILDER, "execute", f"function landing.{function}")
        for schema in raw_schemas:
            _grant_all(connection, BUILDER, "select", schema)
        connection.execute(sql.SQL("create schema if not exists staging authorization {}").format(builder))


def grant_loader(connection: Connection, raw_schemas: list[str]) -> None:
    """Let the loader write raw tables and the landing's notes, but for what isn't the landing's to say."""
    writes = "select, insert, update, delete, truncate, maintain"
    with connection.transaction():
        for schema in raw_schemas:
            _grant_all(connection, LOADER, writes, schema)
        _grant(connection, LOADER, "usage", "schema landing")
        _grant(connection, LOADER, "usage", "sequence landing.load_id")
        for (table,) in connection.execute(
            "select tablename from pg_tables where schemaname = 'landing' and tablename <> %s", [_KEY]
        ).fetchall():
            _grant_on(connection, LOADER, "select" if table in _LOADER_READS else writes, "landing", table)


def grant_publisher(connection: Connection) -> None:
    """Let the publisher frame builds, and own what is on show, what earlier versions made too."""
    with connection.transaction():
        _grant(connection, PUBLISHER, "usage", "schema landing")
        for table in _PUBLISHER_READS:
            _grant_on(connection, PUBLISHER, "select", "landing", table)
        for table in _PUBLISHER_WRITES:
            rights = "select, insert, update, delete, maintain"
            _grant_on(connection, PUBLISHER, rights, "landing", table)
        # What may be told of the key: a release says which one it was made with.
        _grant(connection, PUBLISHER, "select (fingerprint)", f"landing.{_KEY}")
        _grant(connection, PUBLISHER, "execute", "function landing.take_candidate()")
        _grant(connection, ERASER, "select, insert, update", "landing.erasures")
        _hand_over(connection)


def _hand_over(connection: Connection) -> None:
    rows = connection.execute(
        r"select nspname from pg_namespace where nspname ~ '^(candidate|release_\d+|warehouse(_\w+)?)$' "
        "and nspowner <> %s::regrole",
        [PUBLISHER],
    ).fetchall()
    if not rows:
        return
    connection.execute(sql.SQL("set local lock_timeout = {}").format(_LONGEST_WAIT))
    try:
        for (schema,) in rows:
            _own(connection, schema)
    except errors.LockNotAvailable:
        raise ObservesError(
            f"Somebody reads the schema {schema}, which this version of Observes must take over.",
            "Run the command again when they have finished; pg_stat_activity shows who it is.",
        ) from None


def _own(connection: Connection, schema: str) -> None:
    name, owner = sql.Identifier(schema), sql.Identifier(PUBLISHER)
    connection.execute(sql.SQL("alter schema {} owner to {}").format(name, owner))
    for (relation,) in connection.execute(
        "select relname from pg_class where relnamespace = %s::regnamespace and relkind in ('r', 'v')",
        [schema],
    ).fetchall():
        table = sql.Identifier(schema, relation)
        connection.execute(sql.SQL("alter table {} owner to {}").format(table, owner))


def grant_billing(connection: Connection) -> None:
    """Let bills read the ledger, and say of a release that it must stay."""
    with connection.transaction():
        _grant(connection, BILLING, "usage", "schema landing, raw_git, raw_observes")
        for table in _BILLING_READS:
            _grant_on(connection, BILLING, "select", "landing", table)
        _grant_on(connection, BILLING, "select", "raw_git", "observations")
        _grant_on(connection, BILLING, "select", "raw_observes", "closings")
        # Not the build's token, which opens the candidate.
        _grant(connection, BILLING, "select (state, reason, requirements)", "landing.build")
        _grant(connection, BILLING, "update (is_pinned, is_recorded)", "landing.releases")


def grant_reader(
    connection: Connection, schema: str, relations: Sequence[str], personal: Mapping[str, Sequence[str]]
) -> None:
    """Let readers read some relations of a schema, and bills all of each.

    Args:
        personal: columns that show people in plain text, by relation: bills see them, readers don't.
    """
    for role in (READER, BILLING):
        _grant(connection, role, "usage", sql.SQL("schema {}").format(sql.Identifier(schema)))
    for relation in relations:
        _grant_on(connection, BILLING, "select", schema, relation)
        hidden = personal.get(relation)
        if not hidden:
            _grant_on(connection, READER, "select", schema, relation)
            continue
        rows = connection.execute(
            "select attname from pg_attribute "
            "where attrelid = format('%%I.%%I', %s::text, %s::text)::regclass and attnum > 0 "
            "and not attisdropped and attname <> all(%s)",
            [schema, relation, list(hidden)],
        ).fetchall()
        columns = sql.SQL(", ").join(sql.Identifier(row[0]) for row in rows)
        _grant_on(connection, READER, sql.SQL("select ({})").format(columns), schema, relation)


def _grant(connection: Connection, role: str, privileges: str, what: str | sql.Composed) -> None:
    on = sql.SQL(what) if isinstance(what, str) else what
    connection.execute(sql.SQL("grant {} on {} to {}").format(sql.SQL(privileges), on, sql.Identifier(role)))


def _grant_on(
    connection: Connection, role: str, privileges: str | sql.Composed, schema: str, relation: str
) -> None:
    words = sql.SQL(privileges) if isinstance(privileges, str) else privileges
    connection.execute(
        sql.SQL("grant {} on {} to {}").format(words, sql.Identifier(schema, relation), sql.Identifier(role))
    )


def _grant_all(connection: Connection, role: str, privileges: str, schema: str) -> None:
    name, whom = sql.Identifier(schema), sql.Identifier(role)
    connection.execute(sql.SQL("grant usage on schema {} to {}").format(name, whom))
    connection.execute(
        sql.SQL("grant {} on all tables in schema {} to {}").format(sql.SQL(privileges), name, whom)
    )
