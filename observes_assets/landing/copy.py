"""Write lines into tables by COPY, in binary format: a document goes as it is, with no byte escaped.

Postgres parses jsonb from text in this format too; only the unescaping is saved, on both sides.
"""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from struct import Struct
from typing import BinaryIO
from uuid import UUID

import psycopg
from psycopg import Connection, sql

from observes_assets.landing.records import Record
from observes_assets.landing.tables import StreamTables

_BUFFER = 1 << 17  # bytes a write: smaller ones cost calls, larger ones gain nothing
_ROWS_A_COPY = 10_000

# The format: a signature; then for each row its number of fields, and each field behind its length; an end.
_SIGNATURE = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_END = b"\xff\xff"
_JSONB_VERSION = 1
_RAW_BEFORE_KEY = Struct(">hiqiii")  # load_id, line
_RAW_AFTER_KEY = Struct(">i16siB")  # record_hash, the document's version
_KEYS_BEFORE_KEY = Struct(">hiii")  # line
_KEYS_AFTER_KEY = Struct(">i16s")  # record_hash
_HASHES = Struct(">hi16s")  # record_hash
_HEAD_BEFORE_KEY = Struct(">hi")
_HEAD_AFTER_KEY = Struct(">iqiBiqiqi16s")  # load_id, is_deleted, content_load_id, first_load_id, record_hash


def copy_records(
    connection: Connection, tables: StreamTables, load_id: int, records: Iterable[Record]
) -> int:
    """Copy records into the raw table; returns how many."""
    before, after = _RAW_BEFORE_KEY.pack, _RAW_AFTER_KEY.pack
    return _copy(
        connection,
        sql.SQL("copy {} (load_id, line, record_key, record_hash, record) from stdin (format binary)").format(
            tables.raw
        ),
        (
            before(5, 8, load_id, 4, line, len(key))
            + key
            + after(16, digest, len(document) + 1, _JSONB_VERSION)
            + document
            for line, key, digest, document in records
        ),
    )


def note_heads(load_id: int, records: Iterable[Record], notes: BinaryIO) -> Iterator[Record]:
    """Pass records on, and note each one's head in a local file, for ``copy_heads``.

    Reading the keys back from the raw table would cost Postgres twice as much, and more with each load.
    """
    before, after = _HEAD_BEFORE_KEY.pack, _HEAD_AFTER_KEY.pack
    for record in records:
        key = record[1]
        tail = after(8, load_id, 1, False, 8, load_id, 8, load_id, 16, record[2])
        notes.write(before(6, len(key)) + key + tail)
        yield record


def copy_heads(connection: Connection, tables: StreamTables, notes: BinaryIO) -> int:
    """Copy the noted heads into the table of versions; returns how many.

    Raises:
        UniqueViolation: a key comes more than once, or has a head already.
    """
    statement = sql.SQL(
        "copy {} (record_key, load_id, is_deleted, content_load_id, first_load_id, record_hash) "
        "from stdin (format binary)"
    ).format(tables.versions)
    with connection.cursor() as cursor:
        with cursor.copy(statement) as copy:
            copy.write(_SIGNATURE)
            while block := notes.read(_BUFFER):
                copy.write(block)
            copy.write(_END)
        return cursor.rowcount


def copy_keys(connection: Connection, records: Iterable[Record]) -> int:
    """Copy (line, key, hash) into the temporary table ``incoming``; returns how many."""
    before, after = _KEYS_BEFORE_KEY.pack, _KEYS_AFTER_KEY.pack
    return _copy(
        connection,
        sql.SQL("copy incoming (line, record_key, record_hash) from stdin (format binary)"),
        (before(3, 4, line, len(key)) + key + after(16, digest) for line, key, digest, _ in records),
    )


def copy_hashes(connection: Connection, hashes: Iterable[bytes]) -> int:
    """Copy hashes into the temporary table ``missing_hashes``; returns how many."""
    pack = _HASHES.pack
    return _copy(
        connection,
        sql.SQL("copy missing_hashes (record_hash) from stdin (format binary)"),
        (pack(1, 16, digest) for digest in hashes),
    )


def copy_chosen(
    connection: Connection,
    tables: StreamTables,
    load_id: int,
    chosen: sql.SQL,
    documents: Iterator[tuple[int, bytes]],
) -> int:
    """Copy the lines that a query chooses, from a second reading of the batch; memory stays flat.

    Args:
        chosen: a query of (line, record_key, record_hash), in the order of lines.
        documents: numbered lines, the chosen ones among them, in order.
    """
    written = 0
    with connection.cursor("chosen") as cursor:
        cursor.execute(chosen)
        while rows := cursor.fetchmany(_ROWS_A_COPY):
            written += copy_records(connection, tables, load_id, _pick(rows, documents))
    return written


def _pick(rows: list[tuple[int, str, UUID]], documents: Iterator[tuple[int, bytes]]) -> Iterator[Record]:
    for wanted, key, digest in rows:
        line, document = next(one for one in documents if one[0] == wanted)
        yield line, key.encode(), digest.bytes, document


class _StoppedError(Exception):
    """The rows could not be had. Without words: psycopg tells them to Postgres, whose log keeps them."""


def _copy(connection: Connection, statement: sql.SQL | sql.Composed, rows: Iterable[bytes]) -> int:
    failure: BaseException | None = None
    with connection.cursor() as cursor, suppress(_StoppedError), cursor.copy(statement) as copy:
        try:
            return _write(copy, rows)
        except psycopg.Error:
            raise
        except BaseException as error:
            failure = error
            raise _StoppedError from None
    assert failure is not None
    raise failure


def _write(copy: psycopg.Copy, rows: Iterable[bytes]) -> int:
    written = 0
    buffer = [_SIGNATURE]
    size = 0
    for row in rows:
        buffer.append(row)
        size += len(row)
        written += 1
        if size >= _BUFFER:
            copy.write(b"".join(buffer))
            buffer.clear()
            size = 0
    buffer.append(_END)
    copy.write(b"".join(buffer))
    return written
