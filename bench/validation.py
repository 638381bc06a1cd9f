"""Landing with the contract's validation against the same landing without it.

    python -m bench.validation [--records 100000] [--rounds 7]

Each round lands the same batch twice as a first load, where every record is validated: once as it is shipped,
once with a contract that finds every record good and a door that asks for no promise. Which comes first
changes from round to round. A checkpoint before each, so that none pays for another.
"""

import argparse
import gc
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, nullcontext
from typing import Any
from unittest.mock import patch

from bench import machine
from bench.documents import STREAM, Documents
from bench.machine import Sample
from bench.report import Figure, ratios, seconds
from bench.stage import Stage, archived, stage
from observes_assets.contracts import StreamContract
from observes_assets.landing import land

GOAL = 1.25
Side = Callable[[], AbstractContextManager[object]]


def unvalidated() -> ExitStack:
    """Nothing is held against the contract while this is open: no record, and no promise about the load."""
    off = ExitStack()
    off.enter_context(patch.object(StreamContract, "check", lambda _self, _record: None))
    off.enter_context(patch.object(land, "require_kept", lambda *_: None))
    return off


def take(ground: Stage, records: list[dict[str, Any]], side: Side) -> Sample:
    """One first load, on empty tables."""
    extractor = ground.empty()
    archived(extractor, records)
    ground.connection.execute("checkpoint")
    with side():
        sample = machine.timed(lambda: extractor.land_waiting(STREAM))
    (outcome,) = (one for _, one in extractor.outcomes)
    assert outcome.written == len(records), outcome
    return sample


def measure(ground: Stage, count: int, rounds: int) -> tuple[Figure, dict[str, list[float]]]:
    """The figure, and the seconds of both sides."""
    documents = Documents()
    records = [documents.document(number) for number in range(count)]
    gc.freeze()  # documents of ours are not the landing's burden
    sides: list[tuple[str, Side]] = [("with", nullcontext), ("without", unvalidated)]
    taken: dict[str, list[float]] = {name: [] for name, _ in sides}
    for number in range(rounds):
        for name, side in sides if number % 2 else reversed(sides):
            taken[name].append(take(ground, records, side).seconds)
        told = ", ".join(f"{name} {values[-1]:.2f} s" for name, values in taken.items())
        print(f"round {number + 1}: {told}")
    return Figure(
        "landing with validation, time against without", ratios(taken["with"], taken["without"]), GOAL
    ), taken


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    print(machine.describe())
    with stage() as ground:
        figure, taken = measure(ground, options.records, options.rounds)
    for name, values in taken.items():
        print(seconds(f"landing {name} validation", values))
    print(figure)


if __name__ == "__main__":
    main()
