"""Which lines Postgres can't store: with a number of 20,000 digits, for instance, or with what is no text."""

from collections.abc import Iterator
from pathlib import Path

from psycopg import Connection

from observes_assets import archive

_BLOCK = 1 << 20  # bytes of documents that are asked about at a time


def find_unstorable(connection: Connection, path: Path) -> frozenset[int]:
    """Numbers, from 1, of a batch's lines that Postgres can't store as jsonb."""
    found: set[int] = set()
    for documents in _blocks(path):
        asked = {line: text for line, document in documents.items() if (text := _text(document)) is not None}
        found |= documents.keys() - asked.keys()
        rows = connection.execute(
            "select line from unnest(%s::int[], %s::text[]) as asked (line, document) "
            "where not pg_input_is_valid(document, 'jsonb')",
            [list(asked), list(asked.values())],
        )
        found.update(row[0] for row in rows)
    return frozenset(found)


def _blocks(path: Path) -> Iterator[dict[int, bytes]]:
    """Documents by their lines, as many as are asked about at a time."""
    documents, size = {}, 0
    for line, document in enumerate(archive.lines(path), start=1):
        documents[line] = document
        size += len(document)
        if size >= _BLOCK:
            yield documents
            documents, size = {}, 0
    yield documents


def _text(document: bytes) -> str | None:
    """None: Postgres can't even be asked about it."""
    try:
        return None if b"\0" in document else document.decode()
    except UnicodeDecodeError:
        return None
