"""What asking costs: commands that only look import neither Dagster nor dbt, which take seconds."""

import subprocess
import sys
from pathlib import Path

import pytest

from observes_assets.cli.app import COMMANDS
from observes_assets.cli.later import Later

ROOT = Path(__file__).parents[2]
DAGSTER = ("dagster", "dagster_dbt", "dagster_postgres", "dbt", "pandas", "sqlalchemy")
HEAVY = (*DAGSTER, "github", "graphql", "apprise")

# The program's end is caught, so that what it imported can be looked at.
RUN = """
import sys
sys.argv = ["observes", *{arguments!r}]
from observes_assets.cli import main
try:
    main()
except SystemExit:
    pass
print(*(name for name in {heavy!r} if name in sys.modules), file=sys.stderr)
"""


def heavy_imports(arguments: list[str], home: Path, heavy: tuple[str, ...] = HEAVY) -> list[str]:
    found = subprocess.run(
        [sys.executable, "-c", RUN.format(arguments=arguments, heavy=heavy)],
        cwd=ROOT,
        env={"OBSERVES_HOME": str(home)},
        capture_output=True,
        text=True,
        check=True,
    )
    return found.stderr.splitlines()[-1].split()


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["status", "--help"],
        ["run", "--help"],
        ["release", "list", "--help"],
        ["quarantine", "list", "--help"],
        ["batch", "list", "--help"],
        ["bills", "explain", "--help"],
        ["run", "--source", "nobody"],
    ],
    ids=" ".join,
)
def test_looking_imports_no_dagster(arguments: list[str], tmp_path: Path) -> None:
    assert heavy_imports(arguments, tmp_path) == []


def test_the_list_of_commands_imports_none_of_them(tmp_path: Path) -> None:
    modules = {f"observes_assets.cli.{one.place.partition(':')[0]}" for one in COMMANDS}
    assert heavy_imports(["--help"], tmp_path, ("psycopg", "pydantic", *sorted(modules))) == []


def test_asking_how_things_stand_imports_nothing_that_reads_contracts(tmp_path: Path) -> None:
    assert heavy_imports(["status", "--help"], tmp_path, ("open_data_contract_standard", "yaml")) == []


@pytest.mark.parametrize("command", COMMANDS, ids=lambda one: one.name)
def test_the_list_of_commands_says_what_each_says_of_itself(command: Later) -> None:
    assert " ".join(command.load().help.split("\n\n")[0].split()) == command.help


def test_what_status_reads_imports_no_dagster() -> None:
    code = """
import sys
from observes_assets.cli import status
from observes_assets.installation import Installation
Installation.from_environment().contracts
sys.exit(any(name in sys.modules for name in {heavy!r}))
"""
    subprocess.run([sys.executable, "-c", code.format(heavy=HEAVY)], cwd=ROOT, check=True)
