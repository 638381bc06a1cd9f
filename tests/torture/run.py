"""A run of the torture: read some regions, land them, build a release, publish it. Also as a process to hurt.

The mart is made by hand, since dbt takes ten seconds; everything around it is the product's own.
"""

import errno
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import psycopg
from psycopg import Connection, sql

from observes_assets import contracts
from observes_assets.archive import Archive
from observes_assets.bucket import open_bucket
from observes_assets.contracts import Contract
from observes_assets.errors import ObservesError
from observes_assets.extraction import Extractor, Outcome
from observes_assets.landing import rebuild, tables
from observes_assets.postgres import connect, migrate, roles
from observes_assets.warehouse import build, publish
from observes_assets.warehouse.gate import Requirements
from tests.torture import strike
from tests.torture.client import Client
from tests.torture.strike import Point, Watch

SOURCE, STREAM, MART = "depot", "parcels", "parcels"

AS_OF = """
    select v.record_key, v.is_deleted, r.record::text as record, first.extracted_until as first_seen_at
    from landing.depot__parcels as v
    join raw_depot.parcels as r
        on (r.load_id, r.record_key, r.record_hash) = (v.content_load_id, v.record_key, v.record_hash)
    join landing.loads as first on first.load_id = v.first_load_id
    where v.load_id <= {as_of} and (v.superseded_by is null or v.superseded_by > {as_of})
"""


@dataclass(frozen=True)
class Strike:
    """What is done to a process of a run, and where."""

    kind: str
    point: Point
    occurrence: int
    number: int = 0  # a process, a number of days or of failures: as the kind says


@dataclass(frozen=True)
class Run:
    """What a run needs to know; plain, since it travels to other processes."""

    database_url: str
    bucket_url: str
    vendor: tuple[str, int]
    contract_text: bytes
    reads: tuple[tuple[str, str], ...]  # region and kind
    environment: dict[str, str] = field(default_factory=dict)
    code_version: str = "one"
    patience_seconds: float = 30.0
    releases: bool = True
    strike: Strike | None = None

    @property
    def contract(self) -> Contract:
        """The depot's contract as it is now."""
        return contracts.parse(SOURCE, self.contract_text)

    def open_archive(self) -> Archive:
        """The bucket's batches."""
        return Archive(open_bucket(self.bucket_url), code_version=self.code_version)

    def connect(self) -> Connection:
        """A connection that may do everything, for setting up and for checking."""
        return connect.connect(self.database_url, application_name="torture", autocommit=True)

    def set_up(self) -> None:
        """Make what a database must have; of the streams, the torture's alone."""
        with self.connect() as connection:
            migrate.migrate(connection)
            roles.create_roles(connection)
            for stream in self.contract.streams.values():
                tables.create(connection, stream)
            roles.grant_builder(connection, ["raw_depot"], ["depot__parcels"])
            roles.grant_loader(connection, ["raw_depot"])
            roles.grant_publisher(connection)

    def go(self, connection: Connection) -> list[Outcome]:
        """Extract and land each region, then build and publish, each as the role whose work it is."""
        archive = self.open_archive()
        with roles.acting(connection, roles.LOADER):
            outcomes = self.extract(connection, archive)
        if self.releases:
            with roles.acting(connection, roles.PUBLISHER):
                self.release(connection, archive)
        return outcomes

    def extract(self, connection: Connection, archive: Archive) -> list[Outcome]:
        """Extract and land each region."""
        extractor = Extractor(connection, archive, self.contract, run_id="torture")
        outcomes = []
        for region, kind in self.reads:
            scope = {"region": region}
            with extractor.scope(STREAM, scope) as start:
                client = Client(self.vendor, self.patience_seconds)
                reading = client.reading(region, kind, start.cursor)
                outcomes.append(extractor.extract(STREAM, scope, start, reading))
        return outcomes

    def release(self, connection: Connection, archive: Archive) -> publish.Release:
        """Build the mart as of now and publish it."""
        identity = build.Identity(self.code_version, {SOURCE: self.contract.sha256}, "key")
        with build.building(connection, identity, Requirements(marts=[MART], tables=[MART])) as building:
            with self._dbt(building.token) as dbt, dbt.transaction():
                dbt.execute("select landing.join_build(%s)", [building.token])
                dbt.execute("select landing.hold_build(%s)", [building.token])
                as_of = sql.SQL(AS_OF).format(as_of=building.as_of)
                dbt.execute(sql.SQL("create table candidate.parcels as {}").format(as_of))
            build.finish(connection, building, [])
        return publish.publish_candidate(connection, archive.bucket)

    @contextmanager
    def _dbt(self, token: str) -> Iterator[Connection]:
        with psycopg.connect(self.database_url, autocommit=True) as connection:
            connection.execute(sql.SQL("set role {}").format(sql.Identifier(roles.BUILDER)))
            connection.execute("select set_config('observes.build', %s, false)", [token])
            yield connection

    def forget(self) -> None:
        """What `observes rebuild` does before it runs."""
        with self.connect() as connection, roles.acting(connection, roles.LOADER):
            rebuild.forget(connection, {SOURCE: self.contract})


@dataclass(frozen=True)
class Report:
    """What a process of a run says at its end, if it comes to that."""

    error: str | None
    has_struck: bool
    passed: Counter[Point]


def work(run: Run, answer: Any) -> None:
    """A process of a run: watched, and struck where the run says."""
    os.environ.update(run.environment)
    error = None
    with run.connect() as connection:
        watch = Watch()
        if run.strike:
            act = _act(run, connection)
            watch = Watch(run.strike.point, run.strike.occurrence, act)
        with watch.watching():
            try:
                run.go(connection)
            except (ObservesError, psycopg.Error, OSError) as caught:
                error = f"{type(caught).__name__}: {caught}"
    answer.send(Report(error, watch.has_struck, watch.passed))


def _act(run: Run, connection: Connection) -> Any:
    assert run.strike
    number = run.strike.number
    session = connection.info.backend_pid
    undisturbed = replace(run, strike=None)
    return {
        "kill -9 of a worker": lambda: strike.kill(os.getpid()),
        "kill -9 of Postgres": lambda: strike.kill(number),
        "kill -9 of a session of Postgres": lambda: strike.kill(session),
        "session ended by Postgres": lambda: _end(run, session),
        "disk full": strike.fill_disk,
        "file size limit": strike.limit_files,
        "disk of Postgres full": lambda: strike.fill_disk_of(session),
        "no room for a name": lambda: strike.break_disk(errno.ENOSPC, number),
        "disk broken": lambda: strike.break_disk(errno.EIO, number),
        "clock jumps": lambda: strike.jump_clock(number),
        "rebuild during a run": lambda: strike.beside(undisturbed.forget),
    }[run.strike.kind]


def _end(run: Run, session: int) -> None:
    with run.connect() as connection:
        connection.execute("select pg_terminate_backend(%s)", [session])
