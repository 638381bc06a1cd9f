"""docs/github.md names, for each thing that GitHub does to careless readers, tests that exist."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROW = re.compile(r"^\| (REST|GraphQL) (\d+) \| [^|]+ \| ([^|]+) \|$", re.MULTILINE)
ROWS = ROW.findall((ROOT / "docs" / "github.md").read_text())


def known_tests() -> set[str]:
    """Names of every test function, and of every unit test of dbt."""
    found: set[str] = set()
    for path in (ROOT / "tests").rglob("test_*.py"):
        found |= set(re.findall(r"^def (test_\w+)\(", path.read_text(), re.MULTILINE))
    for path in (ROOT / "dbt_project" / "models").rglob("*__unit_tests.yml"):
        found |= set(re.findall(r"^  - name: (\w+)$", path.read_text(), re.MULTILINE))
    return found


def test_every_trap_has_a_row() -> None:
    expected = {("REST", str(one)) for one in range(1, 14)} | {("GraphQL", str(one)) for one in range(1, 13)}
    assert {(kind, number) for kind, number, _ in ROWS} == expected
    assert len(ROWS) == len(expected)


def test_every_row_names_tests_that_exist_or_says_that_it_is_not_read() -> None:
    known = known_tests()
    for kind, number, held_by in ROWS:
        named = set(re.findall(r"`(\w+)`", held_by))
        assert named or held_by.startswith("not read"), (kind, number)
        assert named <= known, (kind, number, named - known)
