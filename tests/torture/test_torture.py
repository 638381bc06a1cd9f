"""What a sceptic would do to it: fault after fault, and after each of them everything must hold."""

from collections import Counter
from collections.abc import Callable

import pytest

from tests.torture.faults import FAULTS, Bucket, Fault
from tests.torture.stage import Stage

pytestmark = pytest.mark.timeout(1200)  # on however busy a machine
Record = Callable[[str, object], None]
REPLAY_EVERY = 40  # faults; a replay lands the whole archive


def torture(stage: Stage, faults: list[Fault], record_property: Record) -> None:
    """Let the faults come, one after the other, and note how often which was survived."""
    survived: Counter[str] = Counter()
    stage.recover()
    try:
        for number, fault in enumerate(faults, start=1):
            survived.update(fault.act(stage))
            stage.recover()
            if number % REPLAY_EVERY == 0:
                stage.require_replay()
        stage.world.heal()
        stage.recover()
        stage.require_replay()
    except BaseException as error:
        error.add_note(f"Again with --seed {stage.seed}. The last of what was done: {stage.history[-3:]}")
        raise
    assert survived.total() >= 0.9 * len(faults), "many faults did not come to pass"
    record_property("faults survived", {"seed": stage.seed, "times": dict(survived)})


def fitting(bucket: Bucket) -> list[Fault]:
    return [fault for fault in FAULTS if fault.bucket in ("any", bucket)]


def test_each_fault_is_survived(folder_stage: Stage, record_property: Record) -> None:
    plan = [fault for fault in fitting("folder") for _ in range(fault.share)]
    folder_stage.random.shuffle(plan)
    torture(folder_stage, plan, record_property)


def test_each_fault_of_s3_is_survived(s3_stage: Stage, record_property: Record) -> None:
    plan = [fault for fault in fitting("s3") if fault.bucket == "s3" for _ in range(fault.share)]
    # Of those that strike over any bucket, the kills: of a worker, of Postgres, and of one of its sessions.
    plan += [fault for fault in fitting("s3") if fault.bucket == "any"][:4]
    s3_stage.random.shuffle(plan)
    torture(s3_stage, plan, record_property)


@pytest.mark.torture
@pytest.mark.timeout(0)
@pytest.mark.parametrize("bucket", ["folder", "s3"])
def test_many_faults_are_survived(
    bucket: Bucket, request: pytest.FixtureRequest, record_property: Record
) -> None:
    stage: Stage = request.getfixturevalue(f"{bucket}_stage")
    faults = fitting(bucket)
    weights = [fault.share for fault in faults]
    count = request.config.getoption("--faults")
    torture(stage, stage.random.choices(faults, weights, k=count), record_property)
