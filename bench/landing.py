"""Landing against ``psql COPY`` of ready-made rows, and landing again against the first time.

    python -m bench.landing [--records 100000] [--rounds 5]

Each round, alternated: psql copies the very rows that landing writes (same columns, same Postgres) into an
empty table; the records are archived; they land as a first load; a batch with 1 % changed lands; the same
batch in another order lands, nothing changed. A checkpoint before each, so that none pays for another.
"""

import argparse
import gc
import random
from pathlib import Path
from typing import Any

from bench import machine
from bench.documents import STREAM, Documents
from bench.machine import Sample, timed
from bench.report import Figure, ratios, seconds
from bench.stage import Stage, archived, stage
from observes_assets.extraction import Extractor

Records = list[dict[str, Any]]


def land(extractor: Extractor, *, written: int) -> None:
    """Land what waits, and see that it did what it should."""
    outcome = extractor.land_waiting(STREAM)
    assert outcome.written == written, outcome


def ready_made_rows(ground: Stage, path: Path) -> None:
    """Write the landed rows as COPY reads them fastest (text format), and a table like theirs for psql."""
    ground.connection.execute("create table ready_made (like raw_desk.tickets)")
    with (
        path.open("wb") as file,
        ground.connection.cursor() as cursor,
        cursor.copy("copy (select * from raw_desk.tickets order by line) to stdout") as copy,
    ):
        for block in copy:
            file.write(block)


class Rounds:
    """The records, and the samples of each side by name."""

    def __init__(self, ground: Stage, count: int) -> None:
        documents = Documents()
        self.ground = ground
        self.first: Records = [documents.document(number) for number in range(count)]
        self.changed = [
            documents.document(number, revision=int(number % 100 == 0)) for number in range(count)
        ]
        self.shuffled = random.Random(3).sample(self.changed, count)
        self.changes = (count + 99) // 100
        self.samples: dict[str, list[Sample]] = {}
        gc.freeze()  # a million dictionaries of ours are not the landing's burden
        self.path = ground.folder / "ready-made.copy"
        extractor = ground.empty()
        archived(extractor, self.first)
        land(extractor, written=count)
        ready_made_rows(ground, self.path)

    def run(self) -> None:
        """One round."""
        ground = self.ground
        ground.connection.execute("truncate ready_made")
        self._take("psql", lambda: ground.run_psql(f"\\copy ready_made from '{self.path}'"))
        extractor = ground.empty()
        self._take("archive", lambda: archived(extractor, self.first))
        self._take("first", lambda: land(extractor, written=len(self.first)))
        archived(extractor, self.changed)
        self._take("changed", lambda: land(extractor, written=self.changes))
        archived(extractor, self.shuffled)
        self._take("unchanged", lambda: land(extractor, written=0))
        archived(extractor, self.shuffled)
        self._take("repeated", lambda: land(extractor, written=0))

    def _take(self, name: str, work: Any) -> None:
        self.ground.connection.execute("checkpoint")
        self.samples.setdefault(name, []).append(timed(work))

    def times(self, name: str) -> list[float]:
        """Seconds of one side, round by round."""
        return [sample.seconds for sample in self.samples[name]]


def figures(rounds: Rounds) -> list[Figure]:
    """What was promised."""
    first = rounds.times("first")
    both = [one + other for one, other in zip(first, rounds.times("archive"), strict=True)]
    return [
        Figure(
            "first load, speed against psql COPY", ratios(rounds.times("psql"), first), 0.75, is_floor=True
        ),
        Figure("1 % changed, time against the first load", ratios(rounds.times("changed"), first), 0.45),
        Figure(
            "unchanged, other order, against the first load", ratios(rounds.times("unchanged"), first), 0.35
        ),
        Figure(
            "unchanged, same bytes, against the first load", ratios(rounds.times("repeated"), first), 0.35
        ),
        Figure("archive and first load, time against the load alone", ratios(both, first), 1.5),
    ]


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    print(machine.describe())
    with stage() as ground:
        rounds = Rounds(ground, options.records)
        for number in range(options.rounds):
            rounds.run()
            latest = {name: samples[-1] for name, samples in rounds.samples.items()}
            told = ", ".join(f"{name} {one.seconds:.2f} s" for name, one in latest.items())
            print(f"round {number + 1}: {told}; processors at work: {latest['psql'].busy:.1f} during psql's")
    for name in rounds.samples:
        print(seconds(name, rounds.times(name)))
    for figure in figures(rounds):
        print(figure)


if __name__ == "__main__":
    main()
