"""``dbt build`` of the delivery marts against the same compiled SQL in one psql session.

    python -m bench.delivery [--rounds 5] [--issues 200000] [--versions 5]

Both sides build every model that delivery marts need, and run their tests, as of the same load; beside the
SQL stands a dbt run that has one view to make, since no run of dbt is without its start. The memory is that
of the dbt process: its SQL runs in Postgres.
"""

import argparse
import json
import os
import resource
import secrets
import subprocess
from pathlib import Path

from psycopg import Connection
from pydantic import SecretStr

from bench import boards, machine
from bench.report import Figure, seconds
from bench.stage import Stage, stage
from observes_assets.installation import Installation
from observes_assets.settings import Settings
from observes_assets.version import DBT_PROJECT
from observes_assets.warehouse import dbt
from observes_assets.warehouse.dbt_process import DOCS

GOAL, GOAL_MEGABYTES = 1.5, 300
MARTS = ("--select", "+path:models/marts/delivery", "--indirect-selection", "cautious")
WITHOUT = ("--exclude-resource-type", "unit_test")
NOTHING = ("--select", "stg_delivery__delivery")


def begin_build(connection: Connection) -> str:
    """An empty candidate as of the newest load; returns the token of the build."""
    token = secrets.token_hex(8)
    connection.execute("drop schema if exists candidate cascade")
    connection.execute("create schema candidate authorization observes_builder")
    connection.execute(
        "update landing.build set state = 'building', token = %s, invocation_id = null, "
        "as_of = (select max(load_id) from landing.loads), "
        "as_of_at = (select max(extracted_until) from landing.loads)",
        [token],
    )
    return token


def run_dbt(on: Stage, command: str, *selection: str) -> machine.Sample:
    """Run dbt as a build does, but for its selection and its docs."""
    target = on.folder / "dbt" / "target"
    if not target.exists():
        dbt.ensure_manifest(on.url)
        dbt.prepare_target(target)
    environment = dbt.environment(on.url, token=begin_build(on.connection), target=target)
    environment.pop(DOCS)
    arguments = [dbt.EXECUTABLE, "--quiet", command, *selection]
    return machine.timed(
        lambda: subprocess.run(arguments, cwd=DBT_PROJECT, env={**os.environ, **environment}, check=True)
    )


def compiled(target: Path) -> str:
    """What dbt has just run, in its order, as one script: models with their analyze, then tests' queries."""
    manifest = json.loads((target / "manifest.json").read_text())
    results = json.loads((target / "run_results.json").read_text())["results"]
    script = ["set timezone = 'UTC'; set role observes_builder;"]
    for name in (result["unique_id"] for result in results):
        node = manifest["nodes"].get(name)
        if node is None or node["resource_type"] == "operation":  # what dbt runs at its start
            continue
        text = (target / "run" / "observes" / node["original_file_path"]).with_suffix(".sql")
        if node["resource_type"] == "test":
            folder = target / "run" / "observes" / node["original_file_path"]
            text = folder / f"{node['name']}.sql" if folder.suffix == ".yml" else folder
        script.append(text.read_text().strip().rstrip(";") + ";")
        if node["resource_type"] == "model":
            kind, made = node["config"]["materialized"], node["name"]
            script.append(f'alter {kind} {node["schema"]}."{made}__dbt_tmp" rename to "{made}";')
            script.append(f'analyze {node["schema"]}."{made}";' if kind == "table" else "")
    return "\n".join(script)


def run_psql(on: Stage, script: Path) -> machine.Sample:
    """Run the same SQL in one session."""
    begin_build(on.connection)
    on.connection.execute("drop schema staging cascade")
    on.connection.execute("create schema staging authorization observes_builder")
    options = ["-X", "-q", "-o", "/dev/null", "-v", "ON_ERROR_STOP=1", "-f", str(script)]
    return machine.timed(lambda: subprocess.run([on.psql, *options], check=True, env=on.environment))


def set_up(on: Stage) -> None:
    """Every raw table and role, in the stage's own database."""
    settings = Settings(
        home=on.folder / "home",
        postgres_url=SecretStr(on.url),
        github_organizations="octo",
        pseudonym_key=SecretStr("a key for the bench, 32 characters or more"),
    )
    Installation(settings).set_up()


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--issues", type=int, default=200_000)
    parser.add_argument("--versions", type=int, default=5)
    options = parser.parse_args()
    print(machine.describe())
    ours, sql, nothing = [], [], []
    with stage() as on:
        set_up(on)
        boards.fill(on.connection, options.issues, options.versions)
        script = on.folder / "delivery.sql"
        for number in range(options.rounds):
            ours.append(run_dbt(on, "build", *MARTS, *WITHOUT).seconds)
            if number == 0:
                script.write_text(compiled(on.folder / "dbt" / "target"))
            sql.append(run_psql(on, script).seconds)
            nothing.append(run_dbt(on, "run", *NOTHING).seconds)
            print(
                f"round {number + 1}: {ours[-1]:.1f} s, SQL {sql[-1]:.1f} s, no-op {nothing[-1]:.1f} s",
                flush=True,
            )
    for name, values in {"dbt build": ours, "psql": sql, "dbt run of one view": nothing}.items():
        print(seconds(name, values))
    compared = [one / (two + three) for one, two, three in zip(ours, sql, nothing, strict=True)]
    versions = options.issues * options.versions
    print(Figure(f"delivery marts of {versions:,} issue versions", compared, GOAL))
    megabytes = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(Figure("memory of the largest child, dbt", [megabytes], GOAL_MEGABYTES, unit="MB"))


if __name__ == "__main__":
    main()
