"""Publishing a candidate of small and of large marts, in seconds: no row of it may be looked at again.

    python -m bench.publishing [--rounds 5] [--rows 5000000] [--marts 30]

Each round builds and publishes two candidates in turn, one whose first mart has a thousand rows and one whose
first mart has that many; the others have a hundred. Building stands for dbt and is not measured. Measured is
all that ``publish`` does: verifying the candidate, renaming it, new views and grants, the release's record in
the bucket. What follows it, dropping old releases, is told apart.
"""

import argparse
from pathlib import Path

from psycopg import Connection, sql
from pydantic import SecretStr

from bench import machine
from bench.report import Figure, seconds
from bench.stage import home
from observes_assets.installation import Installation
from observes_assets.postgres.roles import BUILDER, PUBLISHER
from observes_assets.settings import Settings
from observes_assets.warehouse import build, publish, retention
from observes_assets.warehouse.build import CheckResult
from observes_assets.warehouse.gate import Requirements

GOAL_SECONDS = 1.0
_SMALL, _OTHERS = 1_000, 100  # rows
_CHECKS_A_MART = 5


def requirements(installation: Installation, marts: int) -> Requirements:
    """What a candidate of so many marts must show: as many checks as marts have, and fresh streams."""
    names = [f"mart_{number:03}" for number in range(marts)]
    streams = [stream for one in installation.contracts.values() for stream in one.streams.values()]
    return Requirements(
        marts=names,
        tables=names,
        checks=[f"{name} keeps promise {number}" for name in names for number in range(_CHECKS_A_MART)],
        fail_after_seconds={
            f"{stream.source}/{stream.name}": stream.freshness.fail.total_seconds() for stream in streams
        },
    )


def fill(dbt: Connection, mart: str, rows: int) -> None:
    """Make one mart of the candidate, as dbt would."""
    dbt.execute(
        sql.SQL(
            "create table {} as select n as number, 'name of ' || n as name, n % 7 = 0 as is_odd, "
            "now() as made_at from generate_series(1, {}) as n"
        ).format(sql.Identifier("candidate", mart), sql.Literal(rows))
    )


def build_candidate(installation: Installation, connection: Connection, marts: int, rows: int) -> None:
    """A candidate that may be published, whose first mart has so many rows."""
    required = requirements(installation, marts)
    identity = build.identity(connection, installation.contracts)
    with build.building(connection, identity, required) as building:
        invocation = f"bench {building.token}"
        with installation.connect("bench's dbt", role=BUILDER) as dbt:
            dbt.execute("select set_config('observes.build', %s, false)", [building.token])
            dbt.execute("select landing.join_build(%s)", [invocation])
            for mart in required.marts:
                fill(dbt, mart, rows if mart == required.marts[0] else _OTHERS)
        passed = [
            CheckResult(name, is_blocking=True, status="pass", failures=0, message=None)
            for name in required.checks
        ]
        assert not build.finish(connection, building, passed)


def measure(installation: Installation, *, rows: int, marts: int, rounds: int) -> list[str]:
    """What is to be told: the figure of each size, and what dropping old releases took."""
    taken: dict[int, list[float]] = {size: [] for size in (_SMALL, rows)}
    dropping = []
    with installation.connect("bench", role=PUBLISHER) as connection:
        for _ in range(rounds):
            for size, values in taken.items():
                build_candidate(installation, connection, marts, size)
                values.append(
                    machine.timed(lambda: publish.publish_candidate(connection, installation.bucket)).seconds
                )
                shown = connection.execute("select count(*) from warehouse.mart_000").fetchone()
                assert shown == (size,), shown
                dropping.append(machine.timed(lambda: retention.drop_old_releases(connection)).seconds)
    told = [
        str(Figure(f"publish of {marts} marts, the first of {size:,} rows", values, GOAL_SECONDS, unit="s"))
        for size, values in taken.items()
    ]
    return [*told, seconds("dropping old releases", dropping)]


def installation_in(folder: Path, url: str | None = None) -> Installation:
    """An installation that is set up, by default with a server of its own."""
    settings = Settings(home=folder, postgres_url=SecretStr(url) if url else None)
    installation = Installation(settings)
    installation.set_up()
    return installation


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--marts", type=int, default=30)
    options = parser.parse_args()
    print(machine.describe())
    with home() as folder:
        installation = installation_in(folder)
        try:
            told = measure(installation, rows=options.rows, marts=options.marts, rounds=options.rounds)
        finally:
            assert installation.server is not None
            installation.server.stop()
    print(*told, sep="\n")


if __name__ == "__main__":
    main()
