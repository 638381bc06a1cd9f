"""Which lines Postgres can't store: with a number of 20,000 digits, for instance, or with what is no text."""

from collections.abc import Iterator
from pathlib import Path

from psycopg import Connection

from observes_assets import archive

_BLOCK = 1 << 20  # bytes of documents that are asked about at a time


def find_unstorable(connection: Connection, path: Path) -> frozenset[int]:
    """Numbers, from 1, of a batch's lines that Postgres can't store as jsonb."""
    found: set[int] = set()
    for numbers, documents in _blocks(path, found):
        rows = connection.execute(
            "select line from unnest(%s::int[], %s::text[]) as asked (line, document) "
            "where not pg_input_is_valid(document, 'jsonb')",
            [numbers, documents],
        )
        found.update(row[0] for row in rows)
    return frozenset(found)


def _blocks(path: Path, found: set[int]) -> Iterator[tuple[list[int], list[str]]]:
    """Lines to ask about; those that can't even be asked about are found without."""
    numbers, documents, size = [], [], 0
    for line, document in enumerate(archive.lines(path), start=1):
        text = _text(document)
        if text is None:
            found.add(line)
            continue
        numbers.append(line)
        documents.append(text)
        size += len(document)
        if size >= _BLOCK:
            yield numbers, documents
            numbers, documents, size = [], [], 0
    yield numbers, documents


def _text(document: bytes) -> str | None:
    try:
        return None if b"\0" in document else document.decode()
    except UnicodeDecodeError:
        return None
