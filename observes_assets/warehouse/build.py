"""One build of the marts: fix the as-of, let dbt fill ``candidate``, and write down what came of it.

The as-of is a row (``landing.build``), not a dbt variable. A dbt invocation joins the build by a token in
its environment and holds the row for share in every model, so an orphan can't write into the next
candidate. The lock of the build is a session's: it goes when the process dies, and so does dbt.
"""

import hashlib
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import msgspec
from psycopg import Connection, sql
from psycopg.types.json import Jsonb

from observes_assets.contracts import Contract
from observes_assets.oath.structure import examine
from observes_assets.postgres.locks import BUILD, LANDING, lock_transaction, session_lock
from observes_assets.postgres.roles import BUILDER, PUBLISHER
from observes_assets.version import code_version
from observes_assets.warehouse import gate
from observes_assets.warehouse.gate import CANDIDATE, Requirements

QUIET_FOR = timedelta(days=1)
"""What Observes notes of itself makes no release of its own, and still shows after this."""

_FIX_AS_OF = """
    update landing.build set
        state = 'failed', token = null, invocation_id = null, marts = '{}', reason = null, built = '{}',
        as_of = %(as_of)s,
        as_of_at = (select max(extracted_until) from landing.loads where load_id <= %(as_of)s),
        as_of_batches = (
            select coalesce(jsonb_object_agg(source || '/' || stream, batches), '{}') from (
                select l.source, l.stream, jsonb_build_object(
                    'last', max(l.batch),
                    -- refused or rejected ones: the last number alone would not say what is in it
                    'without', (
                        select coalesce(jsonb_agg(b.batch order by b.batch), '[]')
                        from landing.batches as b
                        where (b.source, b.stream) = (l.source, l.stream)
                            and b.batch < max(l.batch) and b.state <> 'landed'
                    )
                ) as batches
                from landing.loads as l
                where l.load_id <= %(as_of)s group by l.source, l.stream
            )
        ),
        inputs_sha256 = %(sha256)s, identity = %(identity)s
"""


@dataclass(frozen=True)
class Identity:
    """What decides a release besides its as-of: equal identity and as-of give equal marts."""

    code_version: str
    contracts: Mapping[str, str]
    key_fingerprint: str
    erasure: int = 0

    @property
    def sha256(self) -> str:
        """The identity in one word."""
        text = msgspec.json.encode(self, order="deterministic")
        return hashlib.sha256(text).hexdigest()


@dataclass(frozen=True)
class CheckResult:
    """One dbt node's result: a model built, or a test run."""

    name: str
    is_blocking: bool
    status: str
    failures: int | None
    message: str | None

    @property
    def has_passed(self) -> bool:
        """Whether it did what it should."""
        return self.status in {"success", "pass"}


def identity(connection: Connection, contracts: Mapping[str, Contract]) -> Identity:
    """The identity of a build made now."""
    row = connection.execute(
        "select fingerprint, ("
        "select coalesce(max(erasure_number), 0) from landing.erasures where is_finished"
        ") from landing.pseudonym_key"
    ).fetchone()
    assert row is not None
    shas = {source: contract.sha256 for source, contract in sorted(contracts.items())}
    return Identity(code_version(), shas, str(row[0]), row[1])


def quiet_streams(contracts: Mapping[str, Contract]) -> list[str]:
    """Streams (``source/stream``) whose loads alone are no reason for a build."""
    streams = [stream for contract in contracts.values() for stream in contract.streams.values()]
    return [f"{stream.source}/{stream.name}" for stream in streams if not stream.calls_for_build]


def is_due(connection: Connection, current: Identity, quiet: Sequence[str] = ()) -> bool:
    """Whether a build would show anything that the newest release does not.

    Args:
        quiet: streams whose loads don't count, until they have waited for a day.
    """
    row = connection.execute(
        "select as_of, inputs_sha256 from landing.releases order by release_number desc limit 1"
    ).fetchone()
    if row is None or row[1] != current.sha256:
        return True
    newer = connection.execute(
        "select exists (select from landing.loads "
        "where load_id > %s and (records_written > 0 or records_deleted > 0) "
        "and (source || '/' || stream <> all(%s) or landed_at < now() - %s))",
        [row[0], list(quiet), QUIET_FOR],
    ).fetchone()
    return bool(newer and newer[0])


@dataclass(frozen=True)
class Build:
    """A build in progress; ``token`` is what dbt's sessions must carry."""

    as_of: int
    token: str
    required: Requirements


@contextmanager
def building(connection: Connection, current: Identity, required: Requirements) -> Iterator[Build]:
    """Hold the build lock for the block, with a fresh as-of and an empty candidate.

    What the candidate must show is written down before anything is built.

    A block that ends without ``finish`` leaves the build failed, and the last release on show.
    """
    with session_lock(connection, BUILD, what="The build"):
        build = Build(_fix_as_of(connection, current), secrets.token_hex(16), required)
        connection.execute(
            "update landing.build set state = 'building', token = %s, requirements = %s",
            [build.token, Jsonb(msgspec.to_builtins(required))],
        )
        _make_candidate(connection)
        try:
            yield build
        finally:
            if not connection.closed:  # else the server went away, and the next build finds it unfinished
                connection.execute(
                    "update landing.build set state = 'failed', "
                    "reason = coalesce(reason, 'it was interrupted') "
                    "where state = 'building' and token = %s",
                    [build.token],
                )


def _fix_as_of(connection: Connection, current: Identity) -> int:
    with connection.transaction():
        # First, and outside the landing lock: a model of a killed run may keep us waiting, but no landing.
        connection.execute("select from landing.build for update")
        # Alone in its statement: a snapshot taken with the lock would miss a load that it waited for.
        lock_transaction(connection, LANDING)
        row = connection.execute("select coalesce(max(load_id), 0) from landing.loads").fetchone()
        assert row is not None
        connection.execute(
            _FIX_AS_OF,
            {
                "as_of": row[0],
                "sha256": current.sha256,
                "identity": Jsonb(msgspec.to_builtins(current)),
            },
        )
    return int(row[0])


def _make_candidate(connection: Connection) -> None:
    # Before dbt starts: dbt remembers which relations exist before its own hooks run.
    with connection.transaction():
        connection.execute(sql.SQL("drop schema if exists {} cascade").format(sql.Identifier(CANDIDATE)))
        candidate, builder = sql.Identifier(CANDIDATE), sql.Identifier(BUILDER)
        publisher = sql.Identifier(PUBLISHER)
        connection.execute(sql.SQL("create schema {} authorization {}").format(candidate, publisher))
        connection.execute(sql.SQL("grant usage, create on schema {} to {}").format(candidate, builder))


def examine_raw(connection: Connection, contracts: Mapping[str, Contract]) -> list[CheckResult]:
    """Check ``structure`` of every raw stream, for the gate: Dagster's results lie in another database."""
    results = []
    for stream in (one for contract in contracts.values() for one in contract.streams.values()):
        faults = examine(connection, stream).faults
        told = "; ".join(f"{fault.part}: {fault.found}" for fault in faults)
        status = "fail" if faults else "pass"
        results.append(
            CheckResult(
                gate.structure_check(stream),
                is_blocking=True,
                status=status,
                failures=len(faults),
                message=told or None,
            )
        )
    return results


def finish(connection: Connection, build: Build, results: Sequence[CheckResult]) -> list[str]:
    """Write down the results; the build counts as built only if all that is required has passed.

    Returns:
        what has not passed: those that failed, and required ones that were never run.
    """
    required = build.required
    passed = {one.name for one in results if one.has_passed}
    failed = sorted({one.name for one in results if one.is_blocking} | set(required.checks) - passed)
    failed = [name for name in failed if name not in passed]
    if not failed:  # what was tested is the builder's no more, which could change it before it is measured
        connection.execute("select landing.take_candidate()")
    measured = {} if failed else {mart: measure(connection, mart) for mart in required.marts}
    with connection.transaction(), connection.cursor() as cursor:
        cursor.executemany(
            "insert into landing.check_results select invocation_id, %s, %s, %s, %s, %s from landing.build",
            [(one.name, one.is_blocking, one.status, one.failures, one.message) for one in results],
        )
        cursor.execute(
            "update landing.build set state = %s, marts = %s, reason = %s, built = %s where token = %s",
            [
                "failed" if failed else "built",
                Jsonb(measured),
                f"failed: {', '.join(failed[:5])}" if failed else None,
                Jsonb(gate.built(connection)),
                build.token,
            ],
        )
    return failed


def measure(connection: Connection, mart: str, schema: str = CANDIDATE) -> dict[str, Any]:
    """Rows and sha256 of a mart's text, ordered by its columns from the first on, which is its key."""
    table = sql.Identifier(schema, mart)
    digest, rows = hashlib.sha256(), 0
    with connection.cursor() as cursor:
        query = sql.SQL("copy (select * from {0} as mart order by mart) to stdout").format(table)
        with cursor.copy(query) as copy:
            for chunk in copy:
                digest.update(chunk)
                rows += 1
    return {"sha256": digest.hexdigest(), "rows": rows}
