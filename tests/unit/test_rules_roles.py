"""Rules that a test holds, not a reviewer: whose rights each connection of ours works with."""

import ast
from collections.abc import Iterator
from pathlib import Path

from observes_assets.installation import Installation

PACKAGE = Path(__file__).parents[2] / "observes_assets"
OF_THE_LOGIN = {
    "installation.py": {"self.connect"},  # sets up, closes databases, and looks whether it has to
    "cli/bills.py": {"installation.opened"},  # `bills explain` asks who an address is, which takes the key
}


def connections_of(text: str) -> Iterator[tuple[str, bool]]:
    """Each call that opens a connection of an installation, and whether it names a role."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            name = ast.unparse(node.func)
            opens = name.endswith((".connect", ".opened")) and len(node.args) == 1
            if opens and name.partition(".")[0] not in {"connect", "psycopg"}:
                yield name, any(one.arg == "role" for one in node.keywords)


def test_every_connection_says_whose_rights_it_needs() -> None:
    found: dict[str, list[tuple[str, bool]]] = {}
    for path in PACKAGE.rglob("*.py"):
        if path.is_relative_to(PACKAGE / "postgres") or path.is_relative_to(PACKAGE / "sandbox"):
            continue  # servers of their own, before there is a role
        found[str(path.relative_to(PACKAGE))] = list(connections_of(path.read_text()))
    assert sum(map(len, found.values())) > 20
    assert hasattr(Installation, "opened")
    without = {
        path: {name for name, has_role in calls if not has_role}
        for path, calls in found.items()
        if any(not has_role for _, has_role in calls)
    }
    assert without == OF_THE_LOGIN, "give role=…, of observes_assets.postgres.roles"


def test_so_does_a_source_that_the_questionnaire_writes() -> None:
    template = (PACKAGE / "contracts" / "questionnaire" / "assets.py.template").read_text()
    filled = template.replace("$imports\n", "").replace("${name}", "name").replace("$", "")
    assert list(connections_of(filled)) == [("opened.connect", True)]
