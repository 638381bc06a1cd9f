"""The rows that an export brings, as records: a zip that holds one CSV file."""

import csv
import sys
import zlib
from collections.abc import Collection, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from io import BufferedReader, RawIOBase, TextIOWrapper
from operator import itemgetter
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

import msgspec

from observes_assets.errors import PermanentError, TransientError
from observes_assets.sources.ahead import read_ahead
from observes_assets.sources.zoho.streams import CHANGED, instant

_BLOCK = 1 << 22  # bytes that are unzipped at a time: the interpreter is waited for after each
_CUT = "Try again later: the export's results are fetched anew."

csv.field_size_limit(sys.maxsize)  # a rich text is longer than what the csv module takes by default


@dataclass
class Sheet:
    """One export's rows as records, read once from its zip; memory stays flat.

    Every cell stays the text that it is: ids have 18 digits, amounts are decimal, times carry the offset of
    their user. A blank cell is left out, so that a new column that nobody has filled in changes no record.

    Args:
        needed: columns that must be there.
        what: for messages.
    """

    path: Path
    needed: Collection[str]
    what: str
    columns: list[str] = field(default_factory=list)
    row_count: int = 0
    newest_at: datetime | None = None

    def records(self) -> Iterator[bytes]:
        """The rows as JSON.

        Raises:
            PermanentError: a needed column is missing.
            TransientError: the zip or its text is cut off.
        """
        try:
            with ZipFile(self.path) as zipped, closing(read_ahead(_unzipped(zipped))) as blocks:
                # Every other line end is csv's to read, inside a cell and outside.
                text = TextIOWrapper(BufferedReader(_Stream(blocks)), encoding="utf-8-sig", newline="\n")
                yield from self._read(csv.reader(text, strict=True))
        except (BadZipFile, EOFError, ValueError, csv.Error, zlib.error) as error:
            # Its own text may quote a row.
            raise TransientError(f"Zoho: {self.what}: {type(error).__name__} in its results.", _CUT) from None

    def _read(self, rows: Iterator[list[str]]) -> Iterator[bytes]:
        header = self._header(next(rows, []))
        width, changed = len(header), header.index(CHANGED)
        # Columns move from export to export: equal records must be equal bytes.
        in_order = itemgetter(*sorted(range(width), key=header.__getitem__)) if width > 1 else tuple
        record, encode = _record_of(self.columns), msgspec.json.Encoder().encode
        newest: dict[str, str] = {}
        self.row_count = 0
        for self.row_count, row in enumerate(rows, start=1):
            if len(row) != width:
                raise TransientError(f"Zoho: {self.what}: a row is cut off.", _CUT)
            at = row[changed]
            # Times of one offset are ordered as texts are, so few are parsed.
            if at > newest.get(offset := at[19:], ""):
                newest[offset] = at
            yield encode(record(*in_order(row)))
        self.newest_at = max(map(instant, newest.values()), default=None)

    def _header(self, names: list[str]) -> list[str]:
        header = ["id" if name.lower() == "id" else name for name in names]
        self.columns = sorted(header)
        if len(set(header)) < len(header):
            raise TransientError(f"Zoho: {self.what}: two columns have one name.", _CUT)
        if lacking := sorted(set(self.needed) - set(header)):
            raise PermanentError(
                f"Zoho: {self.what} lacks the columns {', '.join(lacking)}.",
                "Let the user's profile see these fields in Zoho CRM; if the company has done away with "
                "them, take them out of sources/zoho/contract.yaml.",
            )
        return header


def _record_of(columns: list[str]) -> type[msgspec.Struct]:
    """A row with its cells in order, written without the blank ones."""
    # Vendors' names need not be identifiers, so the fields' own names are counted.
    names = {f"cell_{number}": name for number, name in enumerate(columns)}
    fields = [(name, str, "") for name in names]
    return msgspec.defstruct("Row", fields, rename=names.get, omit_defaults=True, gc=False)


def _unzipped(zipped: ZipFile) -> Iterator[bytes]:
    """The one file's bytes. Worth a thread of its own, since zlib does not hold the interpreter."""
    (name,) = zipped.namelist()
    with zipped.open(name) as file:
        while block := file.read(_BLOCK):
            yield block


class _Stream(RawIOBase):
    """Blocks of bytes as a file."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._rest = self._rest or memoryview(next(self._blocks, b""))
        size = min(len(buffer), len(self._rest))
        buffer[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size
