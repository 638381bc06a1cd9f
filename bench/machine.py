"""What the machine did meanwhile: seconds by the clock, and how busy other people's work kept it."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_LOOK_SECONDS = 0.5
_PATIENCE_SECONDS = 3.0


@dataclass(frozen=True)
class Sample:
    """One piece of work: how long it took, and the share of that time that all processors were at work."""

    seconds: float
    busy: float


def describe() -> str:
    """Processors and memory, for the head of a report."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next(
        (line.split(": ")[1] for line in lines if line.startswith("model name")), "unknown processor"
    )
    return f"{os.cpu_count()} x {model}, {memory:.0f} GB"


def busy_seconds() -> float:
    """Seconds of work of all processors since the machine started."""
    fields = [int(word) for word in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    return (sum(fields) - fields[3] - fields[4]) / _TICKS


def wait_until_quiet(patience: float = _PATIENCE_SECONDS) -> None:
    """Wait until nobody else is at work, but not for ever: both sides of a ratio wait alike."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        before = busy_seconds()
        time.sleep(_LOOK_SECONDS)
        if busy_seconds() - before < 0.15 * _LOOK_SECONDS:
            return


def timed(work: Callable[[], object]) -> Sample:
    """Do the work when the machine is quiet."""
    wait_until_quiet()
    busy, begin = busy_seconds(), time.perf_counter()
    work()
    seconds = time.perf_counter() - begin
    return Sample(seconds, (busy_seconds() - busy) / seconds)
