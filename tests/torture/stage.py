"""Where the torture happens: one vendor, one bucket, one database, and a second one to compare with.

One seed decides everything: what the vendor holds, which fault comes, where it strikes.
"""

import multiprocessing
import random
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from psycopg import Connection, sql

from observes_assets.archive import Archive, Decision
from observes_assets.extraction import Extractor, Outcome
from observes_assets.postgres import connect, roles
from observes_assets.postgres.server import EmbeddedServer
from tests.integration.faulty_s3 import FaultyS3
from tests.invariants import ArchiveReader, require_archive_landed, require_whole, sha256_of
from tests.torture.poison import HUGE, POISONS
from tests.torture.run import AS_OF, MART, SOURCE, STREAM, Report, Run, Strike, work
from tests.torture.strike import Point
from tests.torture.vendor import SIZES, Vendor, World

CONTRACT = Path(__file__).with_name("contract.yaml").read_bytes()
_LONGEST_SECONDS = 300
_A_RUN_SECONDS = 0.4
_TRIES = 10
_MOST_OCCURRENCES = 50  # of a point; a loop is not struck later than that
_SMALL = ("eu", "us")
READ_COMPLETELY = "us"  # by each recovery


@dataclass
class Stage:
    """Runs, hurts, lets recover and checks."""

    seed: int
    server: EmbeddedServer
    database: str
    replayed: str  # the second database
    bucket_url: str
    vendor: Vendor
    way: FaultyS3 | None = None  # to the bucket
    environment: dict[str, str] = field(default_factory=dict)
    contract_text: bytes = CONTRACT
    code_version: str = "one"
    points: Counter[Point] = field(default_factory=Counter)
    poisons: list[str] = field(default_factory=list)
    history: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.processes = multiprocessing.get_context("forkserver")
        self.processes.set_forkserver_preload(["pytest", "tests.torture.run"])
        self.run().set_up()
        replace(self.run(), database_url=self.server.url(self.replayed)).set_up()
        self.reader = ArchiveReader(Archive(self.run().open_archive().bucket, code_version="reader"))

    @property
    def world(self) -> World:
        """What the vendor holds."""
        return self.vendor.world

    def run(self, **more: Any) -> Run:
        """A run of every region, for the situation as it is now."""
        return replace(
            Run(
                database_url=self.server.url(self.database),
                bucket_url=self.bucket_url,
                vendor=self.vendor.address,
                contract_text=self.contract_text,
                reads=tuple((region, "complete") for region in _SMALL),
                environment=self.environment,
                code_version=self.code_version,
            ),
            **more,
        )

    def some_reads(self) -> tuple[tuple[str, str], ...]:
        """Two regions that have lived on, each to be read in some way; a large one now and then."""
        regions = self.random.sample(sorted(SIZES), 2)
        for region in regions:
            self.world.live(region)
        return tuple((region, self.random.choice(["complete", "differential"])) for region in regions)

    def next_poisons(self, count: int) -> list[str]:
        """Names of poisons, each once before one comes again; 10 MB are dear and come when asked for."""
        while len(self.poisons) < count:
            fresh = sorted(set(POISONS) - {HUGE})
            self.random.shuffle(fresh)
            self.poisons += fresh
        chosen, self.poisons = self.poisons[:count], self.poisons[count:]
        return chosen

    # --- Hurting ------------------------------------------------------------------------------------------

    def start(self, run: Run) -> tuple[Any, Any]:
        """Start a process of a run; what it answers comes through the pipe."""
        ours, theirs = self.processes.Pipe(duplex=False)
        process = self.processes.Process(target=work, args=(run, theirs), daemon=True)
        process.start()
        theirs.close()
        return process, ours

    def wait(self, process: Any, pipe: Any) -> Report | None:
        """Wait for a process's end; None if it was killed before it could answer."""
        process.join(_LONGEST_SECONDS)
        assert process.exitcode is not None, f"a run hangs (seed {self.seed})"
        report: Report | None = pipe.recv() if pipe.poll() and process.exitcode == 0 else None
        assert report or process.exitcode < 0, f"a run broke off with an unknown error (seed {self.seed})"
        return report

    def strike(self, kind: str, number: int = 0) -> None:
        """Run in a process and strike it at a random point; again, should it not come there."""
        if not self.points:  # one undisturbed run, to know where there is something to strike
            report = self.wait(*self.start(self.run(reads=self.some_reads())))
            assert report
            assert report.error is None, report.error
            self.points = report.passed
        for _ in range(_TRIES):
            point = self.random.choice(sorted(self.points))
            occurrence = self.random.randint(1, min(self.points[point], _MOST_OCCURRENCES))
            run = self.run(reads=self.some_reads(), strike=Strike(kind, point, occurrence, number))
            self.history.append(f"{run.reads}, {run.strike}")
            report = self.wait(*self.start(run))
            if report is None or report.has_struck:
                return
        raise AssertionError(f"no run comes where {kind} was to strike")

    def kill_at_a_moment(self) -> bool:
        """kill -9 of a run after a random while, wherever that is; False if it had ended."""
        process, pipe = self.start(self.run(reads=self.some_reads()))
        time.sleep(self.random.uniform(0, _A_RUN_SECONDS))
        process.kill()
        return self.wait(process, pipe) is None

    # --- Recovering ---------------------------------------------------------------------------------------

    def recover(self) -> None:
        """An undisturbed run, after which everything must hold, and the vendor's world be here."""
        self.server.start()
        self.vendor.faults.clear()
        reads = [(READ_COMPLETELY, "complete"), ("eu", self.random.choice(["complete", "differential"]))]
        if self.random.random() < 0.3:
            reads.append(("large", "complete"))
        with self.run().connect() as connection:
            reads = self.read(connection, tuple(reads), releases=self.random.random() < 0.3)
            self.check(connection)
            for region, kind in reads:
                if kind == "complete":
                    self.require_world(connection, region)

    def read(self, connection: Connection, reads: tuple[tuple[str, str], ...], **more: Any) -> Any:
        """Run, and decide about refusals as a person would, until none stands; returns what was read last."""
        while self.decide(self.run(reads=reads, **more).go(connection)):
            reads = tuple((region, "complete") for region, _ in reads)
        return reads

    def decide(self, outcomes: list[Outcome]) -> bool:
        """Accept or reject what was refused; the vendor is told, and mends what it can."""
        standing = {one.manifest.batch: one for outcome in outcomes for one in outcome.refusals}
        for refusal in standing.values():
            assert not refusal.is_about_bytes, refusal.reason
            verdict: Literal["accept", "reject"] = self.random.choice(["accept", "reject"])
            decision = Decision(verdict=verdict, who="us", why=refusal.reason, decided_at=datetime.now(UTC))
            assert self.reader.archive.decide(refusal.manifest, decision)
            self.world.heal()
        return bool(standing)

    # --- Checking -----------------------------------------------------------------------------------------

    def check(self, connection: Connection) -> None:
        """The invariants of one database and its archive."""
        require_whole(connection)
        require_archive_landed(connection, self.reader, SOURCE, STREAM)

    def require_world(self, connection: Connection, region: str) -> None:
        """What was just read completely is here, digit by digit; what was spoiled is in quarantine."""
        parcels = self.world.regions[region]
        fates = {
            key: (poison.fate if (poison := self.world.poison_of(region, key)) else "lands")
            for key in parcels
        }
        expected = {
            f'["{region}","{key}"]': self.world.line(region, key) for key in parcels if fates[key] == "lands"
        }
        found = {
            key: (record, digest)
            for key, record, digest in connection.execute(
                "select v.record_key, r.record::text, replace(r.record_hash::text, '-', '') "
                "from landing.depot__parcels as v join raw_depot.parcels as r using (load_id, record_key) "
                "where v.superseded_by is null and not v.is_deleted and v.record_key ^@ %s",
                [f'["{region}",'],
            )
        }
        as_jsonb = dict(zip(expected, self._as_jsonb(connection, list(expected.values())), strict=True))
        assert {key: found.get(key, ("missing",))[0] for key in expected} == as_jsonb
        spoiled = {key for key in parcels if fates[key] != "lands"}
        if "unreadable" not in fates.values():
            assert found.keys() - expected.keys() <= {f'["{region}","{key}"]' for key in spoiled}
        quarantined = connection.execute(
            "select records_quarantined from landing.loads "
            "where scope = jsonb_build_object('region', %s::text) order by load_id desc limit 1",
            [region],
        ).fetchone()
        names = [self.world.regions[region][key].poison for key in sorted(spoiled)]
        assert quarantined == (len(spoiled),), names

    @staticmethod
    def _as_jsonb(connection: Connection, documents: list[bytes]) -> list[str]:
        query = "select (line::jsonb)::text from unnest(%s::text[]) with ordinality as t (line, n) order by n"
        return [row[0] for row in connection.execute(query, [[one.decode() for one in documents]])]

    def require_replay(self) -> None:
        """The bucket, landed in the other database: the same versions, and the mart that is on show."""
        run = replace(self.run(), database_url=self.server.url(self.replayed))
        run.forget()
        with run.connect() as connection, self.run().connect() as lived:
            self.run(reads=()).go(lived)  # publishes what is here now
            with roles.acting(connection, roles.LOADER):
                extractor = Extractor(connection, run.open_archive(), run.contract, run_id="replay")
                outcome = extractor.land_waiting(STREAM)
            assert outcome.refusals == []
            self.check(connection)
            connection.execute(
                sql.SQL("create temporary table replayed as {}").format(
                    sql.SQL(AS_OF).format(
                        as_of=sql.Literal(outcome.loads[-1].load_id if outcome.loads else 0)
                    )
                )
            )
            shown = lived.execute(
                "select record -> 'marts' -> %s ->> 'sha256' from landing.releases where is_on_show", [MART]
            ).fetchone()
            assert shown == (sha256_of(connection, sql.Identifier("replayed")),)


def databases(server: EmbeddedServer, name: str) -> tuple[str, str]:
    """Make the two databases of a stage."""
    url = server.start()
    for one in (name, f"{name}_replayed"):
        connect.ensure_database(url, one)
    return name, f"{name}_replayed"
