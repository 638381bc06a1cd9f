"""All generated checks of a hundred raw streams, computed in one process; what Dagster adds, told apart.

    python -m bench.checks [--rounds 5] [--streams 100] [--records 1000]

Each stream has three loads: a first one, one with a tenth changed, one unchanged. "Everything new" is the
first look at all of them, as after a rebuild; "nothing new" is every later run. Dagster's share is a run in
process whose only work is to record that many evaluations, above a run that records none, in Postgres.
"""

import argparse
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from dagster import AssetCheckResult, AssetCheckSpec, AssetKey, AssetSpec, DagsterInstance, multi_asset
from dagster import materialize as materialized
from pydantic import SecretStr

from bench import documents, machine
from bench.report import Figure, seconds
from bench.stage import Stage, stage
from observes_assets import contracts
from observes_assets.archive import Archive
from observes_assets.automation import dagster_home
from observes_assets.bucket import open_bucket
from observes_assets.contracts import Contract
from observes_assets.extraction import Extractor, Reading
from observes_assets.installation import Installation
from observes_assets.landing import tables
from observes_assets.oath.checks import check_stream
from observes_assets.settings import Settings

GOAL_SECONDS = 3.0


def many_streams(count: int) -> Contract:
    """The help desk's contract with its stream many times over, with every promise that a check looks at."""
    document = yaml.safe_load(documents.CONTRACT)
    (schema,) = document["schema"]
    schema["customProperties"] += [
        {"property": "volumeBand", "value": {"minimumShare": 0.5, "maximumShare": 2}},
        {"property": "recencyField", "value": "updated_at"},
    ]
    names = [f"{documents.STREAM}_{number:03}" for number in range(count)]
    document["schema"] = [{**schema, "name": name} for name in names]
    for item in document["slaProperties"]:
        item["element"] = ", ".join(names)
    return contracts.parse(documents.SOURCE, yaml.safe_dump(document).encode())


def fill(on: Stage, contract: Contract, records: int) -> None:
    """Land three batches of every stream."""
    archive = Archive(open_bucket(str(on.bucket)), code_version="bench")
    extractor = Extractor(on.connection, archive, contract, run_id="bench")
    made = documents.Documents()
    first = [made.document(number) for number in range(records)]
    changed = [made.document(number, revision=int(number % 10 == 0)) for number in range(records)]
    for stream in contract.streams.values():
        tables.create(on.connection, stream)
        for batch in (first, changed, changed):
            with extractor.scope(stream.name, {}) as start:
                reading = Reading("complete", batch, reported_count=lambda: records)
                extractor.extract(stream.name, {}, start, reading)


def compute(on: Stage, contract: Contract) -> None:
    """Every check of every stream; all must pass but recency, whose records are old."""
    for stream in contract.streams.values():
        structure, accepted, _ = check_stream(on.connection, stream)
        assert structure.passed, structure.description
        assert accepted.passed, accepted.description


def recording(home: Path, url: str, count: int) -> Callable[[], object]:
    """A run that records ``count`` evaluations in Dagster's own database, and does nothing else."""
    key = AssetKey(["desk", "tickets"])
    names = [f"check_{number:03}" for number in range(count)]

    @multi_asset(
        name=f"evaluations_{count}",
        specs=[AssetSpec(key)],
        check_specs=[AssetCheckSpec(name, asset=key) for name in names],
    )
    def evaluations() -> Any:
        for name in names:
            yield AssetCheckResult(passed=True, asset_key=key, check_name=name, metadata={"expected": "so"})

    if "DAGSTER_HOME" not in os.environ:
        dagster_home.prepare(Installation(Settings(home=home, postgres_url=SecretStr(url))))
    instance = DagsterInstance.get()
    quiet = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
    return lambda: materialized([evaluations], instance=instance, run_config=quiet)


def measure(on: Stage, *, streams: int, records: int, rounds: int) -> list[str]:
    """What is to be told: both figures, and Dagster's share."""
    contract = many_streams(streams)
    fill(on, contract, records)
    none, all_of_them = (recording(on.folder, on.url, count) for count in (0, streams))
    none()  # Dagster's own first steps
    first, later, recorded = [], [], []
    for _ in range(rounds):
        on.connection.execute("truncate landing.checked")
        first.append(machine.timed(lambda: compute(on, contract)).seconds)
        later.append(machine.timed(lambda: compute(on, contract)).seconds)
        above = machine.timed(all_of_them).seconds - machine.timed(none).seconds
        recorded.append(above / streams)
    name = f"all checks of {streams} streams"
    return [
        str(Figure(f"{name}, everything new", first, GOAL_SECONDS, unit="s")),
        str(Figure(f"{name}, nothing new", later, GOAL_SECONDS, unit="s")),
        seconds("Dagster's recording of one evaluation", recorded),
    ]


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--streams", type=int, default=100)
    parser.add_argument("--records", type=int, default=1_000, help="of each stream")
    options = parser.parse_args()
    os.environ.pop("DAGSTER_HOME", None)
    print(machine.describe())
    with stage() as on:
        told = measure(on, streams=options.streams, records=options.records, rounds=options.rounds)
    print(*told, sep="\n")


if __name__ == "__main__":
    main()
