"""Whether the candidate's text discloses a person or a secret. Pure facts; no Dagster here.

Every column that can hold text is read once, as it would be published; left out are only those that a mart's
yml calls personal and whose mart a contract names with ``readsPersonal``. What is found is told by table,
column and number of rows, never by value, and no secret is ever part of a query.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import Connection, sql

from observes_assets.contracts import Contract
from observes_assets.warehouse import dbt
from observes_assets.warehouse.build import CheckResult
from observes_assets.warehouse.gate import CANDIDATE, DISCLOSURE

_SHORTEST = 12
"""Characters of a known secret worth looking for: a shorter one would be found in words."""

# git@host is no person, and something@1.2.3 no address.
_ADDRESS = re.compile(
    rb"(?<![\w.+%'-])(?!git@)[A-Za-z0-9._%+'-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,24}(?![\w@-])"
)
# Vendors' secrets, by a letter that each of them holds: one letter is found many times faster than a word.
_SHAPES = {
    ord("_"): re.compile(
        rb"\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{22}|[rs]k_live_[A-Za-z0-9]{20}|npm_[A-Za-z0-9]{36}\b)"
    ),
    ord("-"): re.compile(
        rb"\bglpat-[A-Za-z0-9_-]{20}|\bxox[abeoprs]-[A-Za-z0-9-]{10}|-----BEGIN [A-Z ]{0,30}PRIVATE KEY"
    ),
    ord("I"): re.compile(rb"\bA[KS]IA[A-Z0-9]{16}\b|\bAIza[A-Za-z0-9_-]{35}"),
    ord("."): re.compile(
        rb"\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8}|hooks\.slack\.com/services/\w+/\w+/\w"
    ),
    ord(":"): re.compile(rb"://[^\s/:@\"]{1,99}:[^\s/@\"]{1,99}@"),
}


@dataclass(frozen=True)
class Disclosure:
    """Rows of one column in which something was found: an e-mail address, or a secret."""

    table: str
    column: str
    kind: str
    rows: int

    @property
    def text(self) -> str:
        """The finding in words."""
        return f"{self.table}.{self.column} shows {self.kind} in {self.rows} rows"


def examine_candidate(
    connection: Connection,
    manifest: Mapping[str, Any],
    contracts: Mapping[str, Contract],
    secrets: Sequence[str],
) -> CheckResult:
    """What the gate must know of the candidate that was just built."""
    found = examine(connection, dbt.marts(manifest), allowed_columns(manifest, contracts), secrets)
    return CheckResult(
        name=DISCLOSURE,
        is_blocking=True,
        status="fail" if found else "pass",
        failures=sum(one.rows for one in found),
        message="; ".join(one.text for one in found) or None,
    )


def allowed_columns(manifest: Mapping[str, Any], contracts: Mapping[str, Contract]) -> set[tuple[str, str]]:
    """Columns (mart, column) that may show people: personal by the yml, and a contract lets the mart."""
    readers = {
        consumer.name
        for contract in contracts.values()
        for consumer in contract.consumers
        if consumer.reads_personal
    }
    return {
        (node["name"], name)
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["name"] in readers
        for name, column in node["columns"].items()
        if column["config"]["meta"].get("classification") == "personal"
    }


def examine(
    connection: Connection,
    marts: Iterable[str],
    allowed: set[tuple[str, str]],
    secrets: Sequence[str],
    schema: str = CANDIDATE,
) -> list[Disclosure]:
    """Look through marts.

    Args:
        allowed: columns that may show people.
        secrets: those that this installation itself holds.
    """
    known = [one.encode() for one in secrets if len(one) >= _SHORTEST]
    found: Counter[tuple[str, str, str]] = Counter()
    for mart in sorted(marts):
        columns = [name for name in _text_columns(connection, schema, mart) if (mart, name) not in allowed]
        if not columns:
            continue
        query = sql.SQL("copy (select {} from {}) to stdout").format(
            sql.SQL(", ").join(map(sql.Identifier, columns)), sql.Identifier(schema, mart)
        )
        with connection.cursor() as cursor, cursor.copy(query) as copy:
            for row in copy:
                if kinds := set(_kinds(row, known)):
                    found.update(_where(mart, columns, row, known, kinds))
    return [Disclosure(*what, rows) for what, rows in sorted(found.items())]


def _kinds(text: Any, known: Sequence[bytes]) -> Iterator[str]:
    line = bytes(text)
    if b"@" in line and _ADDRESS.search(line):
        yield "an e-mail address"
    if any(letter in line and shape.search(line) for letter, shape in _SHAPES.items()):
        yield "what looks like a secret"
    if any(secret in line for secret in known):
        yield "a secret of this installation"


def _where(
    mart: str, columns: Sequence[str], row: Any, known: Sequence[bytes], kinds: set[str]
) -> set[tuple[str, str, str]]:
    """Which columns of a row it is; a tab inside a value is written as an escape, so tabs part columns."""
    values = bytes(row).rstrip(b"\n").split(b"\t")
    named = {
        (mart, column, kind)
        for column, value in zip(columns, values, strict=True)
        for kind in _kinds(value, known)
    }
    return named or {(mart, columns[0], kind) for kind in kinds}


def _text_columns(connection: Connection, schema: str, table: str) -> list[str]:
    rows = connection.execute(
        """
        select attname from pg_attribute
        where attrelid = to_regclass(format('%%I.%%I', %s::text, %s::text)) and attnum > 0
            and not attisdropped and format_type(atttypid, null) ~ '^(text|character|json|name|xml|citext)'
        order by attnum
        """,
        [schema, table],
    )
    return [row[0] for row in rows]
