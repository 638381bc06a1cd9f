"""What loading the graph costs above the imports that every such graph pays, and the command line's own.

    python -m bench.loading [--rounds 7]

Each round starts two fresh processes in turn: one imports dagster, dagster_dbt and dagster_postgres, the
other imports ``observes_assets.definitions``, which needs less of them. The figure is the difference, in
seconds of the processor: on a quiet machine those of the clock are the same, on a busy one they measure the
others.
"""

import argparse
import subprocess
import sys

from bench import machine
from bench.report import Figure, seconds
from observes_assets.warehouse import dbt

GOAL_SECONDS = 0.5
DAGSTER = "import dagster, dagster_dbt, dagster_postgres"
AT_EXIT = "import atexit, sys, time; atexit.register(lambda: print(time.process_time(), file=sys.stderr))"
SIDES = {
    "python alone": "pass",
    "dagster": DAGSTER,
    # dagster-dbt comes without dbt-core here (docs/adr), which the other side imports.
    "definitions": "import observes_assets.definitions",
    "observes --help": "from observes_assets.cli import main; main()",
}


def start(code: str) -> float:
    """Seconds of processor of a fresh process until its work is done: taking itself apart is not loading."""
    machine.wait_until_quiet()
    done = subprocess.run(
        [sys.executable, "-c", f"{AT_EXIT}; {code}", "--help"],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    return float(done.stderr.split()[-1])


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    print(machine.describe())
    taken: dict[str, list[float]] = {name: [] for name in SIDES}
    dbt.ensure_manifest()
    for code in SIDES.values():
        start(code)  # compiles what is not compiled yet, and fills the page cache
    for _ in range(options.rounds):
        for name, code in SIDES.items():
            taken[name].append(start(code))
    for name, values in taken.items():
        print(seconds(name, values))
    above = [ours - theirs for ours, theirs in zip(taken["definitions"], taken["dagster"], strict=True)]
    print(Figure("definitions.py above dagster's imports", above, GOAL_SECONDS, unit="s"))


if __name__ == "__main__":
    main()
