"""Memory of the process that lands, above what it had before: the first load, then one with 1 % changed.

    python -m bench.landing_memory [--records 100000] [--short]

The landing runs in a fresh process each time; its peak is the kernel's (VmHWM, reset before). ``--short``
takes documents of 0.35 KB, for millions of them: 5,000,000 need some 15 GB of disk and half an hour.
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench import documents, machine
from bench.documents import Documents
from bench.report import Figure
from bench.stage import URL_VARIABLE, Stage, archived, stage
from observes_assets.archive import Archive
from observes_assets.bucket import open_bucket
from observes_assets.extraction import Extractor
from observes_assets.postgres import connect

GOALS = {100_000: 60.0, 5_000_000: 150.0}  # MB


def memory(field: str) -> float:
    """A field of /proc/self/status, in MB."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) / 1024
    raise KeyError(field)


def child(url: str, folder: Path) -> None:
    """Land what waits; print the growth in MB and the seconds."""
    archive = Archive(open_bucket(str(folder)), code_version="bench")
    contract = documents.contract()
    with connect.connect(url, application_name="bench", autocommit=True) as connection:
        extractor = Extractor(connection, archive, contract, run_id="bench")
        connection.execute("select 1")
        Path("/proc/self/clear_refs").write_text("5")  # the peak starts again from here
        before, begin = memory("VmRSS"), datetime.now(UTC)
        outcome = extractor.land_waiting(documents.STREAM)
        taken = (datetime.now(UTC) - begin).total_seconds()
        assert outcome.loads, outcome
        print(memory("VmHWM") - before, taken, before)


def growth(ground: Stage) -> tuple[float, float, float]:
    """Land in a fresh process: growth in MB, seconds, MB before."""
    command = [sys.executable, "-m", __spec__.name, "--child", str(ground.bucket)]
    found = subprocess.run(command, check=True, capture_output=True, text=True, env=ground.environment)
    grown, taken, before = (float(word) for word in found.stdout.split())
    return grown, taken, before


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--child", type=Path, help="a bucket to land")
    options = parser.parse_args()
    if options.child:
        child(os.environ[URL_VARIABLE], options.child)
        return
    print(machine.describe())
    made = Documents(is_short=options.short)

    def records(revision: int) -> Iterator[dict[str, Any]]:
        for number in range(options.records):
            yield made.document(number, revision=revision if number % 100 == 0 else 0)

    goal = min(goal for count, goal in GOALS.items() if count >= min(options.records, max(GOALS)))
    with stage() as ground:
        extractor = ground.empty()
        for name, revision in (("first load", 0), ("1 % changed", 1)):
            archived(extractor, records(revision))
            grown, taken, before = growth(ground)
            print(f"{name} of {options.records:,} records: {taken:.1f} s, {before:.0f} MB before")
            print(Figure(f"memory above it, {name}", [grown], goal, unit="MB"))


if __name__ == "__main__":
    main()
