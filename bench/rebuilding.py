"""Rebuilding from the archive against the first landing of the same batches, in records per second.

    python -m bench.rebuilding [--records 100000] [--rounds 5]

Two histories of one stream. "Large": a complete batch of that many records, then three that change one
percent each. "Small": a tenth as many records in differential batches of a hundred. Each round archives and
lands a history batch by batch, which is the first landing (only landing is counted), then forgets all that
landed, as ``observes rebuild`` does, and lands the archive again in one go.
"""

import argparse
import gc
import time
from collections.abc import Iterator
from typing import Any, Literal

from bench import machine
from bench.documents import SOURCE, STREAM, Documents
from bench.report import Figure, ratios, seconds
from bench.stage import Stage, archived, stage
from observes_assets.landing.rebuild import forget

GOAL = 0.5
HISTORIES = ("large", "small")
_CHANGES, _SMALL = 3, 100
Kind = Literal["complete", "differential"]
Batch = tuple[Kind, list[dict[str, Any]]]


def batches(history: str, count: int) -> Iterator[Batch]:
    """The batches of a history over so many records."""
    made = Documents()
    if history == "large":
        for change in range(_CHANGES + 1):
            changed = range(0, count, 100)
            yield (
                "complete",
                [made.document(one, revision=change if one in changed else 0) for one in range(count)],
            )
    else:
        few = count // 10
        for first in range(0, few, _SMALL):
            numbers = range(first, min(first + _SMALL, few))
            yield "differential", [made.document(one) for one in numbers]


def one_round(ground: Stage, history: list[Batch]) -> tuple[float, float]:
    """Seconds of the first landing and of the rebuild; both must have written the same."""
    extractor = ground.empty()
    ground.connection.execute("checkpoint")
    machine.wait_until_quiet()
    first = 0.0
    for kind, records in history:
        archived(extractor, records, kind)
        begin = time.perf_counter()
        extractor.land_waiting(STREAM)
        first += time.perf_counter() - begin
    landed = versions(ground)

    def rebuild() -> None:
        forget(ground.connection, {SOURCE: ground.contract})
        extractor.land_waiting(STREAM)

    ground.connection.execute("checkpoint")
    again = machine.timed(rebuild).seconds
    assert versions(ground) == landed, "the rebuild is not the first landing"
    return first, again


def versions(ground: Stage) -> tuple[Any, ...] | None:
    """How many versions there are, and a hash of them all that no order and no load id changes."""
    return ground.connection.execute(
        "select count(*), sum(hashtextextended(v.record_key || v.record_hash || l.batch, 0)::numeric) "
        "from landing.desk__tickets as v join landing.loads as l using (load_id)"
    ).fetchone()


def measure(ground: Stage, name: str, count: int, rounds: int) -> list[str]:
    """What is to be told of a history: seconds of both sides, then the figure."""
    history = list(batches(name, count))
    gc.freeze()  # documents of ours are not the landing's burden
    taken = [one_round(ground, history) for _ in range(rounds)]
    first, again = [one for one, _ in taken], [one for _, one in taken]
    read = sum(len(records) for _, records in history)
    told = f"{name}, {read:,} records in {len(history)} batches"
    return [
        seconds(f"{told}: first landing", first),
        seconds(f"{told}: rebuild", again),
        str(Figure(f"{told}: speed of the rebuild", ratios(first, again), GOAL, is_floor=True)),
    ]


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    print(machine.describe())
    with stage() as ground:
        for name in HISTORIES:
            print(*measure(ground, name, options.records, options.rounds), sep="\n")


if __name__ == "__main__":
    main()
