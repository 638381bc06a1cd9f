"""``observes contract new`` writes a source that runs: lint, types, tests, and a batch in Postgres."""

import json
import os
import pty
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from observes_assets.version import PACKAGE

ROOT = PACKAGE.parent
OBSERVES = str(Path(sys.executable).with_name("observes"))
RECORDS = [
    {
        "order_id": "1",
        "amount": 1.1,
        "customer": {"email": "ada@example.com"},
        "token": "abc",
        "tags": ["new"],
    },
    {"order_id": "2", "amount": 2, "customer": {"email": "bob@example.com"}, "token": "abd", "tags": []},
]
ANSWERS = {
    "title": "Shop",
    "domain": "sales",
    "purpose": "Every order of the web shop.",
    "usage": "Revenue by day.",
    "limitations": 'Refunds are not in it: "see the bank".',
    "owner": "shop-team",
    "on_call": "shop-on-call",
    "support": "Ask in the shop's channel, with the order's id.",
    "stream": "orders",
    "record": "One order, from the moment it is paid.",
    "key": "order_id",
}
FIELDS = {
    "order_id": ("Number of the order.", "public"),
    "amount": ("What was paid.", "public"),
    "customer.email": ("Address of who paid.", "personal"),
    "token": ("Leads the customer back to the order.", "secret"),
    "tags": ("What the shop noted.", "public"),
}
WIRED = """
from dagster import AssetKey

from observes_assets.definitions import defs


def test_the_graph_has_the_source() -> None:
    assert AssetKey(["shop", "orders"]) in defs.resolve_asset_graph().get_all_asset_keys()
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what a new source touches, and of what its tests need."""
    copy = tmp_path / "a checkout"
    for name in ("observes_assets", "dbt_project"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__", "logs"))
    (copy / "tests").mkdir()
    for name in ("tests/conftest.py", "pyproject.toml"):
        shutil.copy2(ROOT / name, copy / name)
    return copy


@pytest.fixture
def location(tmp_path: Path) -> Path:
    path = tmp_path / "orders.ndjson"
    path.write_text("".join(json.dumps(record) + "\n" for record in RECORDS))
    return path


def program(checkout: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a tool in the checkout, with its package and not ours."""
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=checkout,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


def wire(checkout: Path, told: str) -> None:
    """Add the lines that the command tells to add, where it tells to."""
    added, line = (one.strip() for one in told.splitlines() if one.startswith("  "))
    path = checkout / "observes_assets" / "definitions.py"
    text = path.read_text()
    text = text.replace(
        "from observes_assets.resources import", f"{added}\nfrom observes_assets.resources import"
    )
    path.write_text(text.replace("    raw = [\n", f"    raw = [\n        {line}\n"))


@pytest.mark.timeout(1800)
def test_a_new_source_runs(checkout: Path, location: Path, tmp_path: Path) -> None:
    answers = tmp_path / "shop.yaml"
    fields = {path: {"description": said, "classification": kind} for path, (said, kind) in FIELDS.items()}
    answers.write_text(yaml.safe_dump({**ANSWERS, "fields": fields}))
    done = subprocess.run(
        [OBSERVES, "contract", "new", "shop", "--answers", str(answers), "--answer", f"location={location}",
         "--root", str(checkout)],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    written = done.stdout.split()
    assert all((checkout / path).is_file() for path in written)
    folder = {path.name for path in (checkout / "observes_assets" / "sources" / "shop").iterdir()}
    assert folder == {"__init__.py", "assets.py", "client.py", "contract.yaml", "streams.py"}
    wire(checkout, done.stderr)
    (checkout / "tests" / "integration" / "sources" / "shop" / "test_wired.py").write_text(WIRED)
    python = [path for path in written if path.endswith(".py")]
    for tool in (
        ["ruff", "check", *python],
        ["ruff", "format", "--check", *python],
        ["mypy", "--cache-dir", str(ROOT / ".mypy_cache"), "observes_assets/sources/shop"],
        ["pytest", "-p", "no:cacheprovider", "tests"],
    ):
        ended = program(checkout, *tool)
        assert ended.returncode == 0, f"{tool}: {ended.stdout}{ended.stderr}"
    assert "7 passed" in ended.stdout


def test_a_terminal_is_asked(checkout: Path, location: Path) -> None:
    """Every question in turn, a wrong classification again; what is given beforehand is not asked."""
    given = {**ANSWERS, "location": str(location)}
    asked = [value for name, value in given.items() if name != "owner"]
    # Asked in the order of the questions: where the records are comes before what they are called.
    asked.insert(asked.index("orders"), asked.pop(asked.index(str(location))))
    typed = [*asked, "Number of the order.", "internal", "public"]
    typed += [word for path in list(FIELDS)[1:] for word in FIELDS[path]]
    ours, theirs = pty.openpty()
    os.write(ours, "".join(f"{line}\n" for line in typed).encode())
    with subprocess.Popen(
        [OBSERVES, "contract", "new", "shop", "--root", str(checkout), "--answer", "owner=shop-team"],
        stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    ) as process:  # fmt: skip
        said = process.communicate(timeout=240)[0].decode()
    os.close(ours)
    os.close(theirs)
    assert process.returncode == 0, said
    assert "Who answers for it?" not in said
    assert said.count("order_id: public, personal, secret?") == 2
    written = yaml.safe_load((checkout / "observes_assets/sources/shop/contract.yaml").read_text())
    kinds = {one["name"]: one["classification"] for one in written["schema"][0]["properties"]}
    assert kinds == {
        "order_id": "public",
        "amount": "public",
        "customer": "personal",
        "token": "secret",
        "tags": "public",
    }


def test_without_a_terminal_what_is_not_answered_is_named_and_nothing_is_written(
    checkout: Path, location: Path
) -> None:
    done = subprocess.run(
        [OBSERVES, "contract", "new", "shop", "--root", str(checkout), "--answer", f"location={location}"],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "No answer for title, domain" in done.stderr
    assert not (checkout / "observes_assets" / "sources" / "shop").exists()
