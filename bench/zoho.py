"""A zip of Zoho's from download to landed, against ``psql COPY`` of the same rows as ready-made jsonb.

    python -m bench.zoho [--records 200000] [--rounds 5]

The sandbox's Zoho makes one export of so many deals, 1.5 KB each as JSON. Each round, alternated, with a
checkpoint before: psql copies the very rows that landing writes (same columns, same Postgres) into an empty
table; a fresh process, its imports paid, downloads the zip, reads its CSV, archives the batch and lands it.
At the end the same for a tenth of the deals: memory must not depend on how many there are.
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import orjson

from bench import machine
from bench.documents import Documents
from bench.landing_memory import memory
from bench.machine import Sample, timed
from bench.report import Figure, ratios, seconds
from bench.stage import URL_VARIABLE, Stage, stage
from observes_assets import contracts
from observes_assets.archive import Archive
from observes_assets.bucket import open_bucket
from observes_assets.contracts import RateLimit
from observes_assets.extraction import Extractor
from observes_assets.landing import tables
from observes_assets.postgres import connect
from observes_assets.sandbox import World, zoho
from observes_assets.sandbox.company import Company, crm
from observes_assets.sandbox.messages import Request
from observes_assets.sources.zoho.access import Access
from observes_assets.sources.zoho.client import EXPORTS, Client
from observes_assets.sources.zoho.exports import COMPLETED, Export, Page
from observes_assets.sources.zoho.reading import take
from observes_assets.sources.zoho.streams import Span, instant, question

SOURCE, MODULE, STREAM = "zoho", "Deals", "deals"
NO_LIMIT = RateLimit(requests=1_000_000, period_seconds=60)
READY_MADE = "create table ready_made (like raw_zoho.deals)"
MEMORY_GOAL = 60.0  # MB, landing's own for 100,000 records


def sell(company: Company, count: int) -> None:
    """So many deals, like those of the company, with longer descriptions; no two are alike."""
    models, made = list(company.crm.entries[MODULE].values()), Documents()
    for number in range(count - len(models)):
        model = models[number % len(models)]
        text = made.document(number)["body"]
        said = model.values | {"Deal_Name": f"Deal Nº {number}", "Description": text}
        crm.enter(company, MODULE, model.owner, **said)


@contextmanager
def export_of(folder: Path, count: int) -> Iterator[str]:
    """A server, and all that a process needs to know to fetch an export of so many deals, as JSON."""
    world = World(at=datetime(2026, 11, 16, 9, tzinfo=UTC))
    sell(world.company, count)
    with zoho.serving(world) as server:
        server.jobs.seconds, server.limits.downloads = 0, 1_000_000
        # Not over HTTP: no client would wait for as long as this one takes.
        asked = orjson.dumps(question(MODULE, Span(), page_number=1, page_token=None))
        made = server.jobs.create(world.company, Request("POST", EXPORTS, {}, {}, asked))
        answer = server.jobs.details(world.company, made.body["data"][0]["details"]["id"]).body["data"][0]
        assert (answer["state"], answer["result"]["count"]) == (COMPLETED, count)
        yield orjson.dumps({"address": server.address, "folder": str(folder), "export": answer}).decode()


def access_to(address: str, folder: Path) -> Access:
    """The sandbox's credentials, with the access token kept in a folder."""
    login = zoho.Zoho(World(), address).credentials
    kept_in = folder / f"token-{address.rpartition(':')[2]}.json"
    return Access(login.client_id, login.client_secret, login.refresh_token, address, kept_in)


def fetch(url: str, bucket: Path, told: str) -> None:
    """In a process of its own: download, archive and land; print seconds, how busy all was, and MB grown."""
    given = orjson.loads(told)
    answer = given["export"]
    page = Page(MODULE, "bench", is_sweep=True, span_number=1, span_count=1, span=Span())
    export = Export(answer["id"], page, instant(answer["created_time"]), answer["state"], answer["result"])
    client = Client(access_to(given["address"], Path(given["folder"])), NO_LIMIT)
    archive = Archive(open_bucket(str(bucket)), code_version="bench")
    with connect.connect(url, application_name="bench", autocommit=True) as connection:
        extractor = Extractor(connection, archive, contracts.load(SOURCE), run_id="bench")
        Path("/proc/self/clear_refs").write_text("5")  # the peak starts again from here
        before = memory("VmRSS")
        sample = timed(lambda: take(extractor, client, [export]))
        outcome = extractor.loaded(STREAM)
        assert outcome.written == answer["result"]["count"], outcome
        print(sample.seconds, sample.busy, memory("VmHWM") - before)


def landed(ground: Stage, told: str) -> tuple[Sample, float]:
    """Fetch and land an export in a fresh process, into empty tables: time, and growth in MB."""
    ground.empty()
    tables.empty(ground.connection, contracts.load(SOURCE).streams[STREAM])
    ground.connection.execute("checkpoint")
    command = [sys.executable, "-m", "bench.zoho", "--child", str(ground.bucket)]
    found = subprocess.run(
        command, input=told, check=True, stdout=subprocess.PIPE, text=True, env=ground.environment
    )
    taken, busy, grown = (float(word) for word in found.stdout.split())
    return Sample(taken, busy), grown


def copied(ground: Stage, path: Path) -> Sample:
    """Let psql copy the rows that have landed last into a table like theirs."""
    if not path.exists():
        ground.connection.execute(READY_MADE)
        with (
            path.open("wb") as file,
            ground.connection.cursor() as cursor,
            cursor.copy("copy (select * from raw_zoho.deals order by line) to stdout") as copy,
        ):
            for block in copy:
                file.write(block)
    ground.connection.execute("truncate ready_made")
    ground.connection.execute("checkpoint")
    return timed(lambda: ground.run_psql(f"\\copy ready_made from '{path}'"))


def measure(ground: Stage, records: int, rounds: int) -> None:
    """Print the figures."""
    folder = ground.folder
    with export_of(folder, records) as told:
        landed(ground, told)  # rows to copy, and bytes compiled
        ours, theirs, grown = [], [], []
        for number in range(rounds):
            psql = copied(ground, folder / "ready-made.copy")
            sample, growth = landed(ground, told)
            ours.append(sample.seconds)
            theirs.append(psql.seconds)
            grown.append(growth)
            print(
                f"round {number + 1}: psql {psql.seconds:.2f} s, download to landed {sample.seconds:.2f} s, "
                f"+{growth:.0f} MB; processors at work: {psql.busy:.1f} during psql's"
            )
    with export_of(folder, records // 10) as told:
        _, small = landed(ground, told)
    print(seconds("psql", theirs))
    print(seconds("download to landed", ours))
    print(Figure("Zoho's zip to landed, speed against psql COPY", ratios(theirs, ours), 0.5, is_floor=True))
    print(Figure(f"memory of {records:,} records", grown, MEMORY_GOAL, unit="MB"))
    print(f"memory of {records // 10:,} records: {small:.0f} MB")


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--child", type=Path, help="a bucket to land in")
    options = parser.parse_args()
    if options.child:
        fetch(os.environ[URL_VARIABLE], options.child, sys.stdin.read())
        return
    print(machine.describe())
    with stage() as ground:
        tables.create(ground.connection, contracts.load(SOURCE).streams[STREAM])
        measure(ground, options.records, options.rounds)


if __name__ == "__main__":
    main()
