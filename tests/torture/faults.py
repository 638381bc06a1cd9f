"""The faults. Each does something to the stage and says by name what came to pass.

``share`` is how often a fault comes in the bounded run, and its weight in the long one.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from observes_assets.errors import ObservesError
from tests.integration.faulty_s3 import Fault as S3Fault
from tests.torture.poison import HUGE
from tests.torture.stage import CONTRACT, READ_COMPLETELY, Stage
from tests.torture.vendor import FAULTS as VENDOR_FAULTS
from tests.torture.vendor import MOST_POISONED
from tests.torture.vendor import Fault as VendorFault

Bucket = Literal["any", "folder", "s3"]


@dataclass(frozen=True)
class Fault:
    """One kind of fault."""

    share: int
    act: Callable[[Stage], list[str]]
    bucket: Bucket = "any"


# --- Of processes, disks and clocks -----------------------------------------------------------------------


def _strike(kind: str, share: int, most: int = 1, bucket: Bucket = "any") -> Fault:
    def act(stage: Stage) -> list[str]:
        stage.strike(kind, stage.random.randint(1, most))
        return [kind]

    return Fault(share, act, bucket)


def _kill_postgres(stage: Stage) -> list[str]:
    lines = (stage.server._place.data / "postmaster.pid").read_text().splitlines()
    stage.strike("kill -9 of Postgres", int(lines[0]))
    return ["kill -9 of Postgres"]


def _jump_clock(stage: Stage) -> list[str]:
    stage.strike("clock jumps", stage.random.choice([-4000, -1, 1, 4000]))  # days
    return ["clock jumps"]


def _kill_at_a_moment(stage: Stage) -> list[str]:
    return ["kill -9 of a worker"] * stage.kill_at_a_moment()


def _concurrent(stage: Stage) -> list[str]:
    reads = stage.some_reads()
    started = [stage.start(stage.run(reads=tuple(stage.random.sample(reads, 2)))) for _ in range(3)]
    reports = [stage.wait(*one) for one in started]
    return ["concurrent runs"] * (None not in reports)


# --- Of the vendor ----------------------------------------------------------------------------------------


def _vendor(kind: VendorFault) -> Fault:
    def act(stage: Stage) -> list[str]:
        reads = stage.some_reads()
        before = len(stage.vendor.met)
        good = stage.random.randint(0, 1)
        # Either one that a second try mends, or so many that the reading fails.
        stage.vendor.faults = [*[None] * good, *[kind] * stage.random.choice([1, 8])]
        _try(stage, reads, patience_seconds=0.3 if kind == "slow" else 30)
        return [f"vendor: {kind}"] * (len(stage.vendor.met) > before)

    return Fault(1, act)


def _try(stage: Stage, reads: tuple[tuple[str, str], ...], *, patience_seconds: float = 30) -> None:
    """A run that may fail, in this process."""
    with suppress(ObservesError), stage.run().connect() as connection:
        stage.read(connection, reads, patience_seconds=patience_seconds)


def _spoil(stage: Stage, names: list[str]) -> list[str]:
    """Records that break the contract or strain it, no more than it tolerates, where all is read next."""
    stage.world.heal()
    stage.world.live(READ_COMPLETELY)
    for name in names:
        stage.world.poison(READ_COMPLETELY, name)
    return [f"record: {name}" for name in names]


def _types_change(stage: Stage) -> list[str]:
    stage.world.is_typed_wrong = True
    return ["a type changes"] * _refused(stage)


def _field_disappears(stage: Stage) -> list[str]:
    stage.world.lacks_state = True
    return ["a promised field disappears"] * _refused(stage)


def _much_disappears(stage: Stage) -> list[str]:
    for region in ("eu", "us"):
        parcels = stage.world.regions[region]
        for parcel_id in sorted(parcels)[: len(parcels) * 3 // 4]:
            del parcels[parcel_id]
    return ["most records disappear"] * _refused(stage)


def _refused(stage: Stage) -> bool:
    stage.world.rewrite()
    with stage.run().connect() as connection:
        outcomes = stage.run().go(connection)
        stage.check(connection)
        stage.decide(outcomes)
    return any(outcome.refusals for outcome in outcomes)


def _field_appears(stage: Stage) -> list[str]:
    """The vendor sends a new field, or another type in one that nothing was promised of; or stops."""
    stage.world.fields = stage.random.choice([{}, {"colour": '"red"'}, {"colour": "[1]"}, {"weight": "3"}])
    stage.world.rewrite()
    return ["a field appears, changes or goes"]


# --- Of ourselves -----------------------------------------------------------------------------------------


def _contract_changes(stage: Stage) -> list[str]:
    """We promise more, or less, from the next batch on."""
    strict = CONTRACT.replace(
        b"logicalType: integer, required: false", b"logicalType: integer, required: true"
    )
    loose = b"".join(line for line in CONTRACT.splitlines(keepends=True) if b"weight" not in line)
    assert len({CONTRACT, strict, loose}) == 3
    stage.contract_text = stage.random.choice([CONTRACT, strict, loose])
    stage.world.promised = {"weight": "3"} if stage.contract_text == strict else {}
    return ["the contract changes"]


def _code_changes(stage: Stage) -> list[str]:
    stage.code_version = stage.random.choice(["one", "two", "three"])
    return ["the code changes"]


# --- Of S3 ------------------------------------------------------------------------------------------------


def _s3(kind: S3Fault) -> Fault:
    def act(stage: Stage) -> list[str]:
        assert stage.way
        reads = stage.some_reads()
        times = 1 if kind == "slow" else stage.random.choice([1, 1, 8])
        method, query = ("GET", "list-type=2") if kind == "stale" else ("", "")
        after = stage.random.randint(0, 3 if query else 15)
        stage.way.fail(*[kind] * times, method=method, query=query, after=after)
        _try(stage, reads)
        left = len(stage.way.faults)
        stage.way.reset()
        return [f"S3: {kind}"] * (left < times)

    return Fault(1, act, "s3")


FAULTS = [
    _strike("kill -9 of a worker", 10),
    Fault(3, _kill_at_a_moment),
    Fault(1, _kill_postgres),
    _strike("kill -9 of a session of Postgres", 1),
    _strike("session ended by Postgres", 2),
    _strike("disk full", 3),
    _strike("file size limit", 2),
    _strike("disk of Postgres full", 1),
    _strike("no room for a name", 2, 3, "folder"),
    _strike("disk broken", 3, 3, "folder"),
    Fault(2, _jump_clock),
    _strike("rebuild during a run", 2),
    Fault(1, _concurrent),
    Fault(1, _types_change),
    Fault(1, _field_disappears),
    Fault(1, _much_disappears),
    Fault(2, _field_appears),
    Fault(2, _contract_changes),
    Fault(1, _code_changes),
    Fault(10, lambda stage: _spoil(stage, stage.next_poisons(MOST_POISONED))),
    Fault(1, lambda stage: _spoil(stage, [HUGE])),
    *[_vendor(kind) for kind in VENDOR_FAULTS],
    *[_s3(kind) for kind in ("unavailable", "lost", "undone", "cut", "slow", "conflict", "stale")],
]
