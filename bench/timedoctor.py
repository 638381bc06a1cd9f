"""TimeDoctor's worklogs of a large company: requests, and a year landed and marted against ``psql COPY``.

    python -m bench.timedoctor [--users 1000] [--days 365] [--asked-days 1] [--rounds 1]

Requests are counted as the sandbox's server gets them, in windows of a day (the vendor advises at most seven)
and per user-day, archived users included. The year is archived first, a batch a day; then it lands in a
fresh process, whose memory is told, the hours' marts are built, and psql copies the very rows that landed.
"""

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from bench import delivery, machine
from bench.landing_memory import memory
from bench.report import seconds
from bench.stage import URL_VARIABLE, Stage, stage
from observes_assets import contracts
from observes_assets.archive import Archive
from observes_assets.bucket import open_bucket
from observes_assets.contracts import RateLimit
from observes_assets.extraction import Extractor, Reading
from observes_assets.landing import tables
from observes_assets.postgres import connect
from observes_assets.sandbox import World, serving
from observes_assets.sandbox.company import Company
from observes_assets.sandbox.timedoctor import TimeDoctor, shapes
from observes_assets.sandbox.timedoctor.days import sessions_of
from observes_assets.sandbox.timedoctor.people import Member, members, vendor_id
from observes_assets.sandbox.timedoctor.tasks import PROJECTS, every_task
from observes_assets.sources.timedoctor import records, streams
from observes_assets.sources.timedoctor.access import Access
from observes_assets.sources.timedoctor.client import Client
from observes_assets.sources.timedoctor.days import Plan, between
from observes_assets.sources.timedoctor.one_day import Reader

SOURCE, STREAM = "timedoctor", "worklogs"
FIRST, AT = date(2026, 1, 5), datetime(2027, 2, 15, 9, tzinfo=UTC)  # a year is over, and its edits too
MARTS = ("--select", "+path:models/marts/hours", "--indirect-selection", "cautious")
_SLOWEST = 8  # models and tests, told by name
NO_LIMIT = RateLimit(1_000_000, 1.0)


def crowd(company: Company, count: int) -> list[Member]:
    """So many people, who work like the sandbox's."""
    model = [one for one in members(company) if one.archived_at is None]
    return [
        replace(
            model[number % len(model)],
            id=vendor_id("user", f"bench {number}"),
            name=f"Person Nº {number}",
            email=f"person-{number}@example.com",
            joined_at=datetime.combine(FIRST, datetime.min.time(), UTC),
            has_two_devices=number % 4 == 1,
        )
        for number in range(count)
    ]


class Large(TimeDoctor):
    """The sandbox's TimeDoctor with another, larger staff."""

    staff: list[Member]

    def members(self) -> list[Member]:
        """Everybody."""
        return self.staff


@contextmanager
def reader_of(world: World, staff: list[Member], extractor: Extractor) -> Iterator[tuple[Large, Reader]]:
    """A server, and what reads it day by day."""

    def make(address: str) -> Large:
        return Large(world, address)

    with serving.serving(make) as server:
        server.staff = staff
        login = server.credentials
        names = (login.email, login.password, login.totp_secret, server.address)
        access = Access(*names, company=None, first_day=FIRST, reread_days=35, memory_days=100)
        client = Client(access, NO_LIMIT)
        client.log_in()
        plan = Plan(FIRST, world.now.date(), 35, 100)
        yield server, Reader(extractor, client, server.company_id, plan, [one.id for one in staff])
        client.close()


def ask(ground: Stage, staff: list[Member], asked_days: int) -> dict[str, float]:
    """Requests per user-day of each stream, for some days from a Monday on; tells how long they take."""
    world = World(at=datetime(2026, 3, 12, 9, tzinfo=UTC))
    days = list(between(date(2026, 3, 2), date(2026, 3, 1) + timedelta(days=asked_days)))
    found = {}
    with reader_of(world, staff, empty(ground)) as (server, reader):
        for stream in streams.DAYS:
            server.requests.clear()
            sample = machine.timed(lambda stream=stream: [reader.read(stream, day) for day in days])
            asked = len(server.requests)
            found[stream.name] = asked / (len(staff) * len(days))
            print(
                f"{stream.name}: {found[stream.name]:.3f} requests per user-day "
                f"({asked} for {len(staff)} users and {len(days)} days, {sample.seconds:.1f} s)"
            )
    print(f"one user and seven days a request: {1 / 7:.3f} requests per user-day")
    return found


def empty(ground: Stage) -> Extractor:
    """The source's tables and the bucket, empty."""
    contract = contracts.load(SOURCE)
    ground.connection.execute("truncate landing.batches, landing.loads, landing.quarantine, landing.refusals")
    for name in contract.streams:
        tables.empty(ground.connection, contract.streams[name])
    shutil.rmtree(ground.bucket, ignore_errors=True)
    return again(ground)


def again(ground: Stage) -> Extractor:
    """What a process that comes later works with: the same tables, the same bucket."""
    archive = Archive(open_bucket(str(ground.bucket)), code_version="bench")
    return Extractor(ground.connection, archive, contracts.load(SOURCE), run_id="bench")


def rows_by_day(staff: list[Member], days: int, company: str) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Each day's records, as the extract makes them of what the server answers."""
    waiting: dict[date, list[dict[str, Any]]] = defaultdict(list)
    key = contracts.load(SOURCE).streams[STREAM].key
    for day in between(FIRST, FIRST + timedelta(days=days)):
        for member in staff:
            for one in sessions_of(1, member, day):
                if (known := one.seen_at(AT)) is None:
                    continue
                row = shapes.worklog_shape(known, with_detail=True, with_names=True)
                begun = known.start.date()
                waiting[begun].append(records.worklog(company, begun.isoformat(), member.id, row))
        over = day - timedelta(days=1)  # nobody's working day reaches further back
        if over in waiting:
            yield over.isoformat(), records.in_order(waiting.pop(over), key)


def archive_year(ground: Stage, staff: list[Member], days: int, world: World) -> int:
    """A batch a day into the bucket, and the lists, landed; returns how many worklogs there are."""
    extractor, count = empty(ground), 0
    company = shapes.company_id(world.company)
    scope = {"company_id": company}
    boss, now = staff[0], world.now
    lists = {
        "users": [shapes.user_shape(one) for one in staff],
        "projects": [shapes.project_shape(one, world.company, boss) for one in PROJECTS],
        "tasks": [shapes.task_shape(one, now, boss) for one in every_task(now)],
    }
    for name, rows in lists.items():
        with extractor.scope(name, scope) as start:
            extractor.extract(name, scope, start, Reading("complete", [row | scope for row in rows]))
    for day, rows in rows_by_day(staff, days, company):
        _archive_day(extractor, scope | {"day": day}, rows)
        count += len(rows)
    return count


def _archive_day(extractor: Extractor, scope: dict[str, Any], rows: list[dict[str, Any]]) -> None:
    stream = extractor.contract.streams[STREAM]
    with extractor.scope(STREAM, scope) as start, extractor.archive.draft(stream) as draft:
        for row in rows:
            draft.add(row)
        extractor.archive.write(
            draft,
            contract=extractor.contract,
            stream=STREAM,
            scope=scope,
            kind="complete",
            previous=start.previous,
            last_number=start.last_number,
            extracted_from=AT,
            extracted_until=AT,
        )


def land(url: str, folder: Path) -> None:
    """In a process of its own: land what waits; print the growth in MB and the seconds."""
    archive = Archive(open_bucket(str(folder)), code_version="bench")
    with connect.connect(url, application_name="bench", autocommit=True) as connection:
        extractor = Extractor(connection, archive, contracts.load(SOURCE), run_id="bench")
        Path("/proc/self/clear_refs").write_text("5")  # the peak starts again from here
        before = memory("VmRSS")
        sample = machine.timed(lambda: extractor.land_waiting(STREAM))
        assert not any(outcome.refusals for _, outcome in extractor.outcomes), extractor.outcomes
        print(memory("VmHWM") - before, sample.seconds)


def landed(ground: Stage) -> tuple[float, float]:
    """Land in a fresh process: growth in MB, seconds."""
    ground.connection.execute("checkpoint")
    command = [sys.executable, "-m", "bench.timedoctor", "--child", str(ground.bucket)]
    found = subprocess.run(command, check=True, capture_output=True, text=True, env=ground.environment)
    grown, taken = (float(word) for word in found.stdout.split())
    return grown, taken


def copied(ground: Stage) -> float:
    """Seconds that psql takes to copy the landed rows into a table like theirs."""
    path = ground.folder / "ready-made.copy"
    table = f"raw_{SOURCE}.{STREAM}"
    ground.connection.execute("drop table if exists ready_made")
    ground.connection.execute(f"create table ready_made (like {table})".encode())
    with (
        path.open("wb") as file,
        ground.connection.cursor() as cursor,
        cursor.copy(f"copy (select * from {table}) to stdout".encode()) as copy,
    ):
        for block in copy:
            file.write(block)
    ground.connection.execute("checkpoint")
    return machine.timed(lambda: ground.run_psql(f"\\copy ready_made from '{path}'")).seconds


def marted(ground: Stage) -> tuple[float, float]:
    """Build the hours' marts with their tests: seconds, and MB of the largest child so far, which is dbt."""
    sample = delivery.run_dbt(ground, "build", *MARTS, *delivery.WITHOUT)
    results = json.loads((ground.folder / "dbt" / "target" / "run_results.json").read_text())["results"]
    for one in sorted(results, key=lambda one: -one["execution_time"])[:_SLOWEST]:
        print(f"  {one['execution_time']:.1f} s {one['unique_id']}")
    return sample.seconds, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=1_000)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--asked-days", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--child", type=Path, help="a bucket to land")
    options = parser.parse_args()
    if options.child:
        land(os.environ[URL_VARIABLE], options.child)
        return
    print(machine.describe())
    world = World(at=datetime(2026, 3, 12, 9, tzinfo=UTC))
    staff = crowd(world.company, options.users)
    taken: dict[str, list[float]] = defaultdict(list)
    with stage() as ground:
        delivery.set_up(ground)
        if options.asked_days:
            ask(ground, staff, options.asked_days)
        for _ in range(options.rounds):
            count = archive_year(ground, staff, options.days, world)
            grown, time_to_land = landed(ground)
            taken["landing"].append(time_to_land)
            taken["psql COPY of the same rows"].append(copied(ground))
            time_to_mart, dbt_megabytes = marted(ground)
            taken["dbt build of the hours' marts"].append(time_to_mart)
            print(
                f"{count:,} worklogs of {options.users:,} users and {options.days} days: "
                f"landing +{grown:.0f} MB, dbt {dbt_megabytes:.0f} MB"
            )
    for name, values in taken.items():
        print(seconds(name, values))
    for name in ("landing", "dbt build of the hours' marts"):
        times = [
            one / other for one, other in zip(taken[name], taken["psql COPY of the same rows"], strict=True)
        ]
        print(f"{name}, against COPY: {sorted(times)[len(times) // 2]:.2f} x")


if __name__ == "__main__":
    main()
