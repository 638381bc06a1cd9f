"""Rewrite what was made of records: the landing's own notes, and the releases that are kept."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from psycopg import Connection, sql
from psycopg.types.json import Jsonb

from observes_assets.erasure.people import Erased
from observes_assets.postgres.roles import READER
from observes_assets.warehouse import build, publish
from observes_assets.warehouse.gate import CANDIDATE

LANDING = "landing"
_ELSEWHERE = {"identities", "pseudonym_key", "erasures", "loads", "ignored_commits"}
_ROWS = 1_000


class Column(NamedTuple):
    """A column that can hold text; personal if readers may not see it."""

    name: str
    kind: str
    is_personal: bool

    @property
    def person(self) -> str:
        """Whose it is: ``author`` of ``author_email`` and ``author_name``."""
        return self.name.rpartition("_")[0]


@dataclass(frozen=True)
class Sweep:
    """Looks through tables for erased people.

    Args:
        is_dry: count only.
    """

    connection: Connection
    erased: Erased
    is_dry: bool = False

    def landing(self) -> int:
        """Quarantine, refusals, check results and whatever else the landing notes; returns changed rows."""
        changed = self._forget_identities()
        for table in _tables(self.connection, LANDING):
            # Versions have keys only, and no contract lets a key be personal.
            if "__" not in table and table not in _ELSEWHERE:
                changed += self.table(LANDING, table)
        return changed

    def _forget_identities(self) -> int:
        """Git's answers about them: it is asked again, under the names that stand there now."""
        rows = self.connection.execute(
            "select ctid::text, author_name, author_email, canonical_name, canonical_email "
            "from landing.identities"
        ).fetchall()
        found = [row[0] for row in rows if any(self.erased.find(value) for value in row[1:])]
        if not self.is_dry:
            self.connection.execute("delete from landing.identities where ctid = any(%s::tid[])", [found])
        return len(found)

    def release(self, schema: str) -> dict[str, int]:
        """A release's tables; returns changed rows by table, of those where there are any."""
        counts = {table: self.table(schema, table) for table in _tables(self.connection, schema)}
        return {table: count for table, count in counts.items() if count}

    def table(self, schema: str, table: str) -> int:
        """One table; returns how many rows name an erased person. They are changed, but in a dry run."""
        columns = _columns(self.connection, schema, table)
        if not columns:
            return 0
        changed = 0
        with self.connection.transaction(), self.connection.cursor("swept") as swept:
            swept.itersize = _ROWS
            swept.execute(self._suspects(schema, table, columns))
            for rows in _in_chunks(swept):
                found = [(row[0], new) for row in rows if (new := self._rewrite(columns, row[1:]))]
                changed += len(found)
                if found and not self.is_dry:
                    self._write(schema, table, columns, found)
        return changed

    def _suspects(self, schema: str, table: str, columns: list[Column]) -> sql.Composed:
        texts = [sql.SQL("{}::text").format(sql.Identifier(column.name)) for column in columns]
        tests = [sql.SQL("strpos({}, '@') > 0").format(text) for text in texts]
        if self.erased.others and any(column.is_personal for column in columns):
            tests = [sql.SQL("{}").format(True)]  # a login has no mark to look for
        where = sql.SQL(" or ").join(tests)
        return sql.SQL("select ctid::text, {} from {} where {}").format(
            sql.SQL(", ").join(texts), sql.Identifier(schema, table), where
        )

    def _rewrite(self, columns: list[Column], values: tuple[str | None, ...]) -> list[str | None] | None:
        """The row's new values; None if it names nobody erased."""
        people: dict[str, str] = {}
        for column, value in zip(columns, values, strict=True):
            if column.is_personal and value and (instead := self.erased.find(value)):
                people[column.person] = instead
        found = [
            people[column.person]
            if value and column.kind == "text" and column.is_personal and column.person in people
            else value and self.erased.rewrite(value)
            for column, value in zip(columns, values, strict=True)
        ]
        return found if found != list(values) else None

    def _write(
        self, schema: str, table: str, columns: list[Column], rows: list[tuple[str, list[str | None]]]
    ) -> None:
        assignments = sql.SQL(", ").join(
            sql.SQL("{} = %s::{}").format(sql.Identifier(column.name), sql.SQL(column.kind))
            for column in columns
        )
        statement = sql.SQL("update {} set {} where ctid = %s::tid").format(
            sql.Identifier(schema, table), assignments
        )
        with self.connection.cursor() as cursor:
            cursor.executemany(statement, [(*values, ctid) for ctid, values in rows])


def sweep_releases(sweep: Sweep) -> dict[str, Any]:
    """Rewrite every kept release; returns by its number what changed, with the marts' sha256 then and now.

    A release's record in Postgres tells the new sha256, the one in the bucket stays as it was published.
    """
    connection = sweep.connection
    rows = connection.execute(
        "select release_number, record from landing.releases where state = 'published' order by 1"
    ).fetchall()
    done = {str(number): found for number, record in rows if (found := _sweep_release(sweep, number, record))}
    for number, one in {} if sweep.is_dry else done.items():
        for table in one["rows"]:
            name = sql.Identifier(publish.schema_of(int(number)), table)
            connection.execute(sql.SQL("vacuum (analyze) {}").format(name))
    return done


def _sweep_release(sweep: Sweep, number: int, record: dict[str, Any]) -> dict[str, Any] | None:
    """Rewrite a release in one transaction; None if it names nobody erased, and never did in this erasure."""
    connection, schema = sweep.connection, publish.schema_of(number)
    with connection.transaction():
        changed = sweep.release(schema)
        if sweep.is_dry:
            return {"rows": changed} if changed else None
        if changed:
            marts = {
                mart: build.measure(connection, mart, schema) for mart in changed if mart in record["marts"]
            }
            record["rewritten"] = {
                "erasure": sweep.erased.number,
                "rows": changed,
                "sha256_before": {mart: record["marts"][mart]["sha256"] for mart in marts},
                "sha256_after": {mart: one["sha256"] for mart, one in marts.items()},
            }
            record["marts"] |= marts
            connection.execute(
                "update landing.releases set record = %s where release_number = %s", [Jsonb(record), number]
            )
    # That of a run that was killed after it, too.
    rewritten = record.get("rewritten") or {}
    return dict(rewritten) if rewritten.get("erasure") == sweep.erased.number else None


def drop_candidate(connection: Connection) -> None:
    """Throw away what was built before the erasure: the next build is made without the person."""
    with connection.transaction():
        connection.execute("select from landing.build for update")
        connection.execute(sql.SQL("drop schema if exists {} cascade").format(sql.Identifier(CANDIDATE)))
        connection.execute(
            "update landing.build set state = 'failed', reason = 'an erasure threw it away', token = null "
            "where state in ('building', 'built')"
        )


def vacuum_landing(connection: Connection) -> None:
    """Let go of old rows of the landing's notes."""
    for table in _tables(connection, LANDING):
        if "__" not in table and table not in _ELSEWHERE - {"identities"}:
            connection.execute(sql.SQL("vacuum (analyze) {}").format(sql.Identifier(LANDING, table)))


def _tables(connection: Connection, schema: str) -> list[str]:
    rows = connection.execute("select tablename from pg_tables where schemaname = %s order by 1", [schema])
    return [row[0] for row in rows]


def _columns(connection: Connection, schema: str, table: str) -> list[Column]:
    rows = connection.execute(
        """
        select attname, format_type(atttypid, null),
            not has_column_privilege(%(reader)s, attrelid, attnum, 'select')
        from pg_attribute
        where attrelid = format('%%I.%%I', %(schema)s::text, %(table)s::text)::regclass
            and attnum > 0 and not attisdropped
            and atttypid in ('text'::regtype, 'text[]'::regtype, 'jsonb'::regtype, 'json'::regtype)
        order by attnum
        """,
        {"reader": READER, "schema": schema, "table": table},
    )
    return [Column(*row) for row in rows]


def _in_chunks(cursor: Any) -> Iterator[list[tuple[Any, ...]]]:
    while rows := cursor.fetchmany(_ROWS):
        yield rows
