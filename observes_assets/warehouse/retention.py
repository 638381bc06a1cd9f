"""Drop releases that nobody needs: a chore of its own, never part of publishing.

Kept: the release on show, the two before it, the newest, and those that a closed bill names (pinned). A drop
waits one second for readers and gives up; it never cascades onto what is not ours, so a user's view keeps
the release that it reads, and ``release list`` says so.
"""

from psycopg import Connection, errors, sql

from observes_assets.postgres.locks import CHORES, session_lock
from observes_assets.warehouse.publish import schema_of

_KEPT_BEFORE = 2


def drop_old_releases(connection: Connection) -> tuple[list[int], list[int]]:
    """Drop what may go; returns (dropped, held by readers or by objects of others)."""
    dropped: list[int] = []
    held: list[int] = []
    with session_lock(connection, CHORES):
        _drop_retired_views(connection)  # first: they read releases, and would hold them
        for number in _droppable(connection):
            (dropped if _drop(connection, number) else held).append(number)
        _forget_check_results(connection)
    return dropped, held


def _forget_check_results(connection: Connection) -> None:
    """Keep what proves the releases that are there, and what the gate reads of the newest build."""
    connection.execute(
        """
        delete from landing.check_results where invocation_id not in (
            select record ->> 'invocation_id' from landing.releases where state = 'published'
            union all select invocation_id from landing.build where invocation_id is not null
        )
        """
    )


def _droppable(connection: Connection) -> list[int]:
    rows = connection.execute(
        """
        select release_number from landing.releases
        where state = 'published' and not is_pinned and release_number <> (
            select max(release_number) from landing.releases
        ) and release_number < (
            select coalesce(min(release_number), 0) from (
                select release_number from landing.releases
                where state = 'published' and release_number <= (
                    select release_number from landing.releases where is_on_show
                ) order by 1 desc limit %s
            )
        ) order by 1
        """,
        [_KEPT_BEFORE + 1],
    )
    return [row[0] for row in rows]


def _drop(connection: Connection, number: int) -> bool:
    schema = schema_of(number)
    try:
        with connection.transaction():
            connection.execute("set local lock_timeout = '1s'")
            _drop_relations(connection, schema)
            connection.execute(
                "update landing.releases set state = 'dropped' where release_number = %s", [number]
            )
    except (errors.LockNotAvailable, errors.DependentObjectsStillExist):
        return False
    return True


def _drop_retired_views(connection: Connection) -> None:
    rows = connection.execute(
        r"select nspname from pg_namespace where nspname like 'warehouse\_retired\_%'"
    ).fetchall()
    for (schema,) in rows:
        try:
            with connection.transaction():
                connection.execute("set local lock_timeout = '1s'")
                _drop_relations(connection, schema)
        except (errors.LockNotAvailable, errors.DependentObjectsStillExist):
            continue


def _drop_relations(connection: Connection, schema: str) -> None:
    rows = connection.execute(
        "select relname, relkind from pg_class as c join pg_namespace as n on n.oid = c.relnamespace "
        "where n.nspname = %s and relkind in ('r', 'v')",
        [schema],
    ).fetchall()
    for kind, word in (("v", "view"), ("r", "table")):
        names = [sql.Identifier(schema, name) for name, found in rows if found == kind]
        if names:
            connection.execute(sql.SQL(f"drop {word} {{}} restrict").format(sql.SQL(", ").join(names)))
    connection.execute(sql.SQL("drop schema {} restrict").format(sql.Identifier(schema)))


def pin(connection: Connection, number: int) -> None:
    """Keep a release for ever: a closed bill names it."""
    connection.execute("update landing.releases set is_pinned = true where release_number = %s", [number])
