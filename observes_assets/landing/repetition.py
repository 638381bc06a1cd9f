"""Refused lines of records that the same batch brings more than once, as when a vendor repeats a page.

A vendor counts records, so such a line must not count beside the other that stands for the same record. Lines
whose key can't be read are the same record if they are the same bytes: nothing else is known of them.
"""

from psycopg import Connection, sql

from observes_assets.landing.records import Reader
from observes_assets.landing.tables import StreamTables

_WRITTEN = """
    select record_key from {versions}
    where superseded_by is null and load_id = %(load)s and not is_deleted and record_key = any(%(keys)s)
"""
_READ = "select record_key from incoming where record_key = any(%(keys)s)"
_RECOGNISED = """
    union
    select record_key from {versions}
    where superseded_by is null and not is_deleted and record_key = any(%(keys)s)
        and record_key not in (select record_key from missing)
"""


def count_refused_again(connection: Connection, tables: StreamTables, load_id: int, reader: Reader) -> int:
    """How many of a batch's refused lines bring a record that another of its lines brings too."""
    keys = {one.key for one in reader.refused if one.key is not None}
    nameless = {one.line_hash for one in reader.refused if one.key is None}
    accepted = (_READ if _has_incoming(connection) else _WRITTEN) + (_RECOGNISED if reader.known else "")
    query = sql.SQL(f"select count(distinct record_key) from ({accepted})").format(versions=tables.versions)
    row = connection.execute(query, {"load": load_id, "keys": list(keys)}).fetchone()
    assert row is not None
    return len(reader.refused) - len(keys) - len(nameless) + int(row[0])


def _has_incoming(connection: Connection) -> bool:
    """Whether the keys of the batch were written down; else its records are the scope's first."""
    row = connection.execute("select to_regclass('pg_temp.incoming') is not null").fetchone()
    return bool(row and row[0])
