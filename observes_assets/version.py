"""Which code this is: a hash over the files that decide what lands and what marts hold."""

import hashlib
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parent
DBT_PROJECT = PACKAGE.parent / "dbt_project"
_SUFFIXES = {".csv", ".py", ".sql", ".yaml", ".yml"}
_GENERATED = {"target", "logs", "__pycache__"}


@cache
def code_version() -> str:
    """Sixteen hexadecimal digits that change when code, contracts, migrations or models change."""
    digest = hashlib.sha256()
    for root in (PACKAGE, DBT_PROJECT):
        for path in sorted(root.rglob("*")):
            relative = path.relative_to(root)
            if path.suffix in _SUFFIXES and not _GENERATED.intersection(relative.parts):
                digest.update(f"{root.name}/{relative}\0".encode())
                digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]
