"""Names of the advisory locks, and how to take them.

``landing`` is held shared by each landing and exclusively, for a moment, by a build that fixes its as-of.
A lock statement always stands alone: a snapshot taken in the same statement would precede the lock.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

from psycopg import Connection

from observes_assets.errors import BusyError

LANDING = "landing"
BUILD = "build"
RUN = "run"
SET_UP = "set-up"
CHORES = "chores"
WATCH = "watch"
ERASURE = "erasure"
"""Held shared by whoever archives or lands, and exclusively by an erasure."""


def stream_lock(source: str, stream: str) -> str:
    """Serialises landings of one stream."""
    return f"stream/{source}/{stream}"


def scope_lock(source: str, stream: str, scope: dict[str, str]) -> str:
    """Serialises extractions of one scope."""
    return f"scope/{source}/{stream}/{sorted(scope.items())}"


def lock_id(name: str) -> int:
    """The 64-bit number that stands for a lock's name."""
    digest = hashlib.sha256(f"observes/{name}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


def lock_transaction(connection: Connection, name: str, *, shared: bool = False) -> None:
    """Take a lock until the transaction ends, waiting for it."""
    function = "pg_advisory_xact_lock_shared" if shared else "pg_advisory_xact_lock"
    connection.execute(f"select {function}(%s)", [lock_id(name)])


@contextmanager
def session_lock(
    connection: Connection, name: str, *, wait: bool = True, what: str | None = None
) -> Iterator[None]:
    """Hold a lock for the block; it also goes when the process dies. The connection must autocommit.

    Raises:
        BusyError: somebody holds it and ``wait`` is false; says who.
    """
    key = lock_id(name)
    got = connection.execute("select pg_try_advisory_lock(%s)", [key]).fetchone()
    if not (got and got[0]):
        if not wait:
            raise BusyError(f"{what or name} is in use by {holder(connection, name)}.", "Try again later.")
        connection.execute("select pg_advisory_lock(%s)", [key])
    try:
        yield
    finally:
        if not connection.closed:
            connection.execute("select pg_advisory_unlock(%s)", [key])


@contextmanager
def shared_lock(connection: Connection, name: str) -> Iterator[None]:
    """Hold a lock for the block together with others, and wait for whoever has it alone.

    Who wants it alone asks now and then instead of standing in line, so holding it twice can't block itself.
    """
    connection.execute("select pg_advisory_lock_shared(%s)", [lock_id(name)])
    try:
        yield
    finally:
        if not connection.closed:
            connection.execute("select pg_advisory_unlock_shared(%s)", [lock_id(name)])


def holder(connection: Connection, name: str) -> str:
    """Who holds a lock: the application name of its session, since when."""
    row = connection.execute(
        """
        select a.application_name, a.pid, date_trunc('second', a.backend_start)
        from pg_locks as l join pg_stat_activity as a using (pid)
        where l.locktype = 'advisory' and l.granted and l.objsubid = 1
            and (l.classid::bigint << 32 | l.objid::bigint) = %s and l.database = (
                select oid from pg_database where datname = current_database()
            )
        """,
        [lock_id(name)],
    ).fetchone()
    if row is None:
        return "somebody"
    since = f", since {row[2]}" if row[2] else ""  # a role sees no more than the name of others' sessions
    return f"{row[0] or 'a session'} (Postgres session {row[1]}{since})"
