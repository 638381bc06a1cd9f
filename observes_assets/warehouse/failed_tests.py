"""What a failed dbt test tells: what it expected, what it found, keys where to look, and what to do."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psycopg
from dagster import AssetCheckResult
from psycopg import Connection, sql

from observes_assets.oath.checks import evaluation
from observes_assets.oath.structure import SAMPLE
from observes_assets.prose import without_people

_KEY_TEST = "_has_one_row_a_key"
"""The runbook has one entry for all tests of keys."""


def explained(
    connection: Connection, manifest: Mapping[str, Any], target: Path, result: AssetCheckResult
) -> AssetCheckResult:
    """A test's result; a failed one with a sample of the rows that break it, by key.

    Args:
        connection: may read the candidate; autocommits.
        target: where dbt wrote the tests that it ran.
    """
    if result.passed:
        return result
    name = str(result.check_name)
    node = next(one for one in manifest["nodes"].values() if one["name"] == name)
    count, sample = _broken(connection, target, name, _shown(manifest, node))
    return evaluation(
        result.asset_key,  # type: ignore[arg-type]
        name,
        passed=False,
        severity=result.severity,
        expected=(node["description"] or name.replace("_", " ")).strip().rstrip("."),
        found=f"{count} rows where not" if count is not None else "that it could not be asked: see dbt.log",
        sample=sample,
        entry=_KEY_TEST if name.endswith(_KEY_TEST) else name,
        **(result.metadata or {}),
    )


def _broken(
    connection: Connection, target: Path, name: str, is_shown: Mapping[str, bool]
) -> tuple[int | None, list[str]]:
    """How many rows a test found, and some of them; the number is None if the test itself is broken."""
    text = next(target.glob(f"compiled/**/{name}.sql"), None)
    if text is None:
        return None, []
    query = sql.SQL("select count(*) over (), broken.* from ({}) as broken limit {}")
    try:
        with connection.transaction():
            cursor = connection.execute(query.format(sql.SQL(text.read_text()), sql.Literal(SAMPLE)))
            rows = cursor.fetchall()
    except psycopg.Error:
        return None, []
    columns = [column.name for column in cursor.description or []][1:]
    chosen = [column for column in columns if is_shown.get(column)] or [
        column for column in columns if is_shown.get(column, True)
    ]
    told = (dict(zip(columns, row[1:], strict=True)) for row in rows)
    sample = [", ".join(f"{column} {row[column]}" for column in chosen) for row in told]
    return (rows[0][0] if rows else 0), [without_people(one) for one in sample]


def _shown(manifest: Mapping[str, Any], node: Mapping[str, Any]) -> dict[str, bool]:
    """Columns that are part of the tested model's key (true), and those that show people (false)."""
    nodes = manifest["nodes"].values()
    found = {
        column["name"]: False
        for one in nodes
        if one["resource_type"] == "model"
        for column in one["columns"].values()
        if (column["config"]["meta"] or {}).get("classification") == "personal"
    }
    for one in nodes:
        of_key = (one.get("test_metadata") or {}).get("name") == "unique_combination"
        if of_key and one.get("attached_node") in {node.get("attached_node"), *node["depends_on"]["nodes"]}:
            columns = one["test_metadata"]["kwargs"]["columns"]
            found |= {column: True for column in columns if column not in found}
    return found
