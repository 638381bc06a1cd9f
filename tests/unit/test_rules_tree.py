"""Rules that a test holds, not a reviewer: files, functions, words, and who may import what."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from observes_assets import contracts
from observes_assets.contracts import dbt_sources
from observes_assets.installation import SOURCES

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "observes_assets"
MODULES = sorted(PACKAGE.rglob("*.py"))
LONGEST_FILE, LONGEST_FUNCTION = 300, 40  # lines
# Assembled, so that this file does not hold what it looks for.
PACKAGE_INDEX = re.compile(
    "|".join(["index" + "-url", "files.python" + "hosted", "py" + r"pi\.org", r"registry\.npm" + "js"])
    + r"|https?://[^\s'\"]*/(simple|packages)/"
)
WORDS = ["source", "stream", "record", "batch", "scope", "archive", "load", "version", "tombstone"]
WORDS += ["quarantine", "contract", "candidate", "release", "bill"]


def functions(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Each function of a module, and how many lines it has without its docstring."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or 0) - node.lineno + 1
            first = node.body[0]
            if ast.get_docstring(node, clean=False):
                lines -= (first.end_lineno or 0) - first.lineno + 1
            yield node.name, lines


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_files_and_functions_are_small(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) <= LONGEST_FILE
    long = {name: lines for name, lines in functions(ast.parse(text)) if lines > LONGEST_FUNCTION}
    assert not long


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("name", ["client.py", "streams.py"])
@pytest.mark.parametrize("banned", ["dagster", "dagster_dbt", "psycopg"])
def test_a_client_knows_the_vendor_only(source: str, name: str, banned: str) -> None:
    path = f"observes_assets/sources/{source}/{name}"
    assert (ROOT / path).exists()
    checked = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--stdin-filename", path, "--select", "TID251", "-"],
        cwd=ROOT,
        input=f"import {banned}\n",
        capture_output=True,
        text=True,
        check=False,
    )
    assert "TID251" in checked.stdout, checked.stdout + checked.stderr


@pytest.mark.parametrize("source", SOURCES)
def test_every_source_has_the_same_files(source: str) -> None:
    folder = PACKAGE / "sources" / source
    assert {"__init__.py", "assets.py", "client.py", "contract.yaml", "streams.py"} <= {
        path.name for path in folder.iterdir()
    }
    about = ast.get_docstring(ast.parse((folder / "__init__.py").read_text())) or ""
    for part in ("Data flow:", "Credentials:", "Alone:", "Belongs here:"):
        assert part in about, f"{source}: its docstring does not tell {part!r}"


@pytest.mark.parametrize("source", SOURCES)
def test_contracts_equal_dbt_s_sources(source: str) -> None:
    written = dbt_sources.path(source).read_text()
    assert written == dbt_sources.text(contracts.load(source)), "run `make generate`"


def test_no_committed_file_names_a_package_index() -> None:
    for path in committed():
        found = PACKAGE_INDEX.search(path.read_text(errors="replace"))
        assert not found, f"{path}: {found and found[0]}"


def committed() -> list[Path]:
    """What git has, or the tree without what git ignores where there is no git."""
    listed = subprocess.run(
        [
            "git",
            "-c",
            f"safe.directory={ROOT}",
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [path for name in listed.stdout.split("\0") if name and (path := ROOT / name).is_file()]


def test_our_words_are_explained_and_have_no_synonyms() -> None:
    rows = re.findall(
        r"^\| ([^|]+) \| [^|]+ \| ([^|]*)\|$", (ROOT / "docs" / "glossary.md").read_text(), re.MULTILINE
    )
    explained = {word.strip() for words, _ in rows for word in words.split(",")}
    assert set(WORDS) <= explained
    synonyms = {one.strip() for _, others in rows[1:] for one in others.split(",") if one.strip()}
    for path in MODULES:
        for name in identifiers(ast.parse(path.read_text())) | {path.stem}:
            spaced = re.sub(r"(?<=[a-z])(?=[A-Z])|_", " ", name).lower()
            wrong = {one for one in synonyms if re.search(rf"\b{one}s?\b", spaced)}
            assert not wrong, f"{path.relative_to(ROOT)}: {name} says {wrong}; see docs/glossary.md"


def identifiers(tree: ast.Module) -> set[str]:
    """Names that a module gives to classes and functions."""
    kinds: Any = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    return {node.name for node in ast.walk(tree) if isinstance(node, kinds)}
