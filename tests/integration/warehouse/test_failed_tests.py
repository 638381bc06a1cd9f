"""A failed dbt test says what it expected, what it found, keys where to look, and what to do."""

from pathlib import Path
from typing import Any

import psycopg
import pytest
from dagster import AssetCheckResult, AssetKey

from observes_assets.warehouse.failed_tests import explained

ORDERS = AssetKey(["warehouse", "orders"])


def column(name: str, **meta: str) -> dict[str, Any]:
    return {"name": name, "config": {"meta": meta}}


COLUMNS = [column("region"), column("author_email", classification="personal"), column("amount")]
KEY = {"name": "unique_combination", "kwargs": {"columns": ["region", "author_email"]}}


def check(name: str, description: str = "", **more: Any) -> dict[str, Any]:
    found = {"resource_type": "test", "name": name, "description": description, "depends_on": {"nodes": []}}
    return {**found, "attached_node": "model.orders", **more}


MANIFEST = {
    "nodes": {
        "model.orders": {
            "resource_type": "model",
            "name": "orders",
            "columns": {one["name"]: one for one in COLUMNS},
        },
        "test.key": check("orders_has_one_row_a_key", test_metadata=KEY),
        "test.sign": check("orders_have_positive_amounts", "Nobody is paid for taking something."),
        "test.broken": check("orders_are_asked_for_in_vain"),
    }
}
SQL = {
    "orders_has_one_row_a_key": "select region, author_email, count(*) as row_count from orders "
    "group by 1, 2 having count(*) > 1",
    "orders_have_positive_amounts": "select * from orders where amount < 0 and '%' = '%'",
    "orders_are_asked_for_in_vain": "select * from nowhere",
}


@pytest.fixture
def told(database_url: str, tmp_path: Path) -> Any:
    for name, text in SQL.items():
        path = tmp_path / "compiled" / "observes" / f"{name}.sql"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("create table orders (region text, author_email text, amount integer)")
        connection.execute(
            "insert into orders select 'eu', 'ada@acme.example', -1 from generate_series(1, 12)"
        )

        def tell(name: str, *, passed: bool = False) -> AssetCheckResult:
            result = AssetCheckResult(passed=passed, asset_key=ORDERS, check_name=name)
            return explained(connection, MANIFEST, tmp_path, result)

        yield tell


def text(result: AssetCheckResult, name: str) -> Any:
    value = (result.metadata or {})[name]
    return getattr(value, "value", value)


def test_a_failed_test_says_where_to_look_and_whom_nobody_needs_to_know(told: Any) -> None:
    result = told("orders_have_positive_amounts")
    assert not result.passed
    assert text(result, "expected") == "Nobody is paid for taking something"
    assert text(result, "found") == "12 rows where not"
    assert text(result, "sample") == ["region eu"] * 10
    assert text(result, "runbook") == "docs/runbook.md#orders_have_positive_amounts"
    assert "ada@" not in str(result)


def test_a_key_is_told_by_its_columns_and_has_the_entry_of_all_keys(told: Any) -> None:
    result = told("orders_has_one_row_a_key")
    assert text(result, "expected") == "orders has one row a key"
    assert (text(result, "found"), text(result, "sample")) == ("1 rows where not", ["region eu"])
    assert text(result, "runbook") == "docs/runbook.md#_has_one_row_a_key"


def test_a_test_that_can_t_be_asked_still_tells_what_to_do(told: Any) -> None:
    result = told("orders_are_asked_for_in_vain")
    assert "could not be asked" in text(result, "found")
    assert text(result, "runbook")


def test_what_has_passed_is_left_as_it_is(told: Any) -> None:
    assert told("orders_has_one_row_a_key", passed=True).metadata in (None, {})
