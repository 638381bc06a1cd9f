"""How long a first reading of GitHub takes against what its requests take, and how many a small change costs.

    python -m bench.github [--rounds 5] [--size 8] [--latency-ms 50]

The sandbox's GitHub runs in a process of its own, and answers in that time. What a reading needs at least is
the larger of two: all requests, as many at once as the contract allows, and the longest chain of pages, since
a page is known from the one before it. Each round reads into a new database and a new bucket; landing goes on
meanwhile, and the wall time ends when all has landed. A change touches one issue, pull request and card of a
hundred, an hour later: boards, whose cards are read whole four times a day, are not due then.
"""

import argparse
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from bench import company, machine
from bench.report import Figure, seconds
from bench.stage import home
from observes_assets.installation import Installation
from observes_assets.settings import Settings
from observes_assets.sources.github import access
from observes_assets.sources.github.account import observe_all
from observes_assets.sources.github.client import Client
from observes_assets.sources.github.pace import Pace
from observes_assets.sources.observes.recording import attempts

GOAL, GOAL_CHANGED = 1.3, 0.03
ORGANIZATION = "quillmark-works"


@dataclass(frozen=True)
class Run:
    """One reading: seconds until the last answer and until all has landed, and what it asked."""

    reading_seconds: float
    seconds: float
    asked: list[company.Asked]

    def least_seconds(self, latency: float, concurrency: int) -> float:
        """What the requests take by themselves."""
        return max(len(self.asked) * latency / concurrency, self.longest_chain * latency)

    @property
    def longest_chain(self) -> int:
        """Pages that follow each other in one listing."""
        return max(Counter(one.listing for one in self.asked).values())


def read(installation: Installation, server: company.Served) -> Run:
    """Read everything that is due, once."""
    contract = installation.contracts["github"]
    assert contract.rate_limit is not None
    found = access.read(installation.settings)
    assert found is not None
    before, began_at = server.answered_count(), time.time()
    client = Client(found, Pace(contract.rate_limit))
    try:
        with (
            installation.connect("bench") as connection,
            attempts(installation, connection, contract, "bench") as extractor,
        ):
            account = observe_all(extractor, client)
            ended_at = time.time()  # what follows are a run's own records, not GitHub's
    finally:
        client.close()
    if failed := account.named("failed") | account.named("stopped"):
        raise SystemExit(f"not everything was read: {failed}")
    asked = server.asked(after=before)
    return Run(asked[-1].ended_at - began_at, ended_at - began_at, asked)


@contextmanager
def installed(server: company.Served) -> Iterator[Installation]:
    """A new database and bucket beside the server."""
    with home() as folder:
        installation = Installation(settings(folder, server))
        installation.set_up()
        try:
            yield installation
        finally:
            if installation.server:
                installation.server.stop()


def settings(folder: Path, server: company.Served) -> Settings:
    """What names this GitHub and nothing else."""
    given: dict[str, Any] = {"_env_file": None, "home": folder, "github_organizations": ORGANIZATION}
    given |= {"github_api_url": server.rest_url, "github_graphql_url": server.graphql_url}
    return Settings(**given, github_token=SecretStr(server.token))


def changed_requests(
    installation: Installation, server: company.Served, first: Run
) -> tuple[int, int, float]:
    """What is asked when nothing has changed, when one thing of a hundred has, and the share of the rest."""
    polls = 0
    for _ in range(3):  # the first readings learn the tags that make the next ones cheap
        polls = len(read(installation, server).asked)
    server.touch(0.01)
    changed = len(read(installation, server).asked)
    return polls, changed, (changed - polls) / (len(first.asked) - polls)


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--size", type=int, default=8, help="how much work the company has")
    parser.add_argument("--latency-ms", type=float, default=50.0)
    options = parser.parse_args()
    latency = options.latency_ms / 1000
    print(machine.describe())
    runs: list[Run] = []
    with company.served(options.size, latency) as server:
        for number in range(options.rounds + 1):
            with installed(server) as installation:
                machine.wait_until_quiet()
                run = read(installation, server)
                concurrency = installation.contracts["github"].rate_limit.concurrency  # type: ignore[union-attr]
                if number == options.rounds:
                    polls, changed, share = changed_requests(installation, server, run)
            told = f"{len(run.asked)} requests, longest chain {run.longest_chain}"
            least = run.least_seconds(latency, concurrency)
            print(f"round {number}: {run.seconds:.2f} s, {told}, at least {least:.2f} s", flush=True)
            if number:  # in the first round the sandbox makes its answers, which takes it a while
                runs.append(run)
    leasts = [run.least_seconds(latency, concurrency) for run in runs]
    report(runs, leasts)
    print(
        f"requests: {len(runs[0].asked)} at first, {polls} with nothing changed, {changed} with 1 % changed"
    )
    print(Figure("requests of 1 % changed, above the polls, against the first run's", [share], GOAL_CHANGED))


def report(runs: list[Run], leasts: list[float]) -> None:
    """Seconds and ratios of all rounds."""
    parts: dict[str, Callable[[Run], float]] = {
        "first reading, until all has landed": lambda run: run.seconds,
        "until the last answer": lambda run: run.reading_seconds,
        "landing after the last answer": lambda run: run.seconds - run.reading_seconds,
    }
    for name, of in parts.items():
        print(seconds(name, [of(run) for run in runs]))
    print(seconds("what its requests take", leasts))
    until_read = [run.reading_seconds / least for run, least in zip(runs, leasts, strict=True)]
    print(f"until the last answer: {sorted(until_read)[len(runs) // 2]:.2f} x")
    compared = [run.seconds / least for run, least in zip(runs, leasts, strict=True)]
    print(Figure("first reading against what its requests take", compared, GOAL))


if __name__ == "__main__":
    main()
