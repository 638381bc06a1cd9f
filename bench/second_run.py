"""A second ``observes run`` with nothing new against the first one, both above their fixed costs.

    python -m bench.second_run [--rounds 5] [--sandbox]

Each round has a home of its own: ``observes set-up`` (makes the cluster, starts Postgres, not measured), the
fixed costs, the first run, the second run, the fixed costs again. What is read is this checkout, or, with
``--sandbox``, all that the sandbox has: there a second run asks its GitHub some sixty times for news.
Fixed costs are those of a process that does all that a run does before it reads a source: imports,
connections, checks.
"""

import argparse
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

from bench import machine
from bench.report import Figure, seconds
from bench.stage import home

GOAL = 0.1
FIXED = """
from observes_assets.automation import dagster_home
from observes_assets.cli import main
from observes_assets.installation import Installation
from observes_assets.lasting import lasting, leave_all
from observes_assets.warehouse import dbt
installation = Installation.from_environment()
installation.set_up()
dagster_home.prepare(installation)
dbt.ensure_manifest(installation.database_url)
with lasting():
    from observes_assets.cli import graph
    from observes_assets.definitions import defs
    graph.DagsterInstance.get()
leave_all()
"""
PORTFOLIO = """
billing: {{rule: committed, bots: count, minimum_commits: 1, time_zone: UTC, close_day: 3}}
prices: {{plan: {{author: "1.00", base: "0.00", currency: USD}}}}
organizations:
  - name: bench
    groups:
      - {{name: bench, plan: plan, repositories: [{{nickname: here, url: "{checkout}", branch: "{branch}"}}]}}
"""
OBSERVES = "from observes_assets.cli import main; main()"


def write_portfolio(folder: Path) -> None:
    """Write a portfolio of this checkout alone."""
    checkout = Path(__file__).parents[1]
    branch = subprocess.run(
        ["git", "-C", checkout, "branch", "--show-current"], check=True, capture_output=True, text=True
    ).stdout.strip()
    (folder / "portfolio.yaml").write_text(PORTFOLIO.format(checkout=checkout, branch=branch))


def take(folder: Path, code: str, *arguments: str) -> float:
    """Seconds of a process in a home."""
    machine.wait_until_quiet()
    begin = time.perf_counter()
    portfolio = folder / "portfolio.yaml"
    named = {"OBSERVES_PORTFOLIO": str(portfolio)} if portfolio.exists() else {}
    subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env={**os.environ, "OBSERVES_HOME": str(folder), **named},
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return time.perf_counter() - begin


def one_round(*, is_sandbox: bool) -> dict[str, float]:
    """Seconds of each part, in a new home."""
    with home() as folder:
        if not is_sandbox:
            write_portfolio(folder)
        try:
            take(folder, OBSERVES, "set-up")
            before = take(folder, FIXED)
            first = take(folder, OBSERVES, "run", "--json")
            second = take(folder, OBSERVES, "run", "--json")
            after = take(folder, FIXED)
        finally:
            take(folder, OBSERVES, "down")
    return {"fixed": statistics.mean((before, after)), "first run": first, "second run": second}


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--sandbox", action="store_true")
    options = parser.parse_args()
    print(machine.describe())
    rounds = []
    for number in range(options.rounds):
        rounds.append(one_round(is_sandbox=options.sandbox))
        told = ", ".join(f"{name} {taken:.2f} s" for name, taken in rounds[-1].items())
        print(f"round {number + 1}: {told}")
    for name in rounds[0]:
        print(seconds(name, [one[name] for one in rounds]))
    above = [(one["second run"] - one["fixed"]) / (one["first run"] - one["fixed"]) for one in rounds]
    print(Figure("second run against the first, above fixed costs", above, GOAL))


if __name__ == "__main__":
    main()
