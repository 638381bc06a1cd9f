"""A migrated, empty warehouse, and one parsed manifest for all tests of this folder."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from observes_assets.postgres.connect import ensure_database
from observes_assets.postgres.server import EmbeddedServer
from tests.integration.dbt.dbt_runs import begin_build, dbt
from tests.integration.dbt.defect_story import everything_that_goes_wrong
from tests.integration.dbt.landed import Landed, set_up
from tests.integration.dbt.oddity_story import everything_odd
from tests.integration.dbt.sprint_story import a_sprint

Rows = Callable[[str], list[tuple[Any, ...]]]


@pytest.fixture
def warehouse(database_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database_url, autocommit=True) as connection:
        set_up(connection)
        yield connection


@pytest.fixture(scope="session")
def target(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """dbt's target folder: shared, so that only the first run parses the whole project."""
    return tmp_path_factory.mktemp("target")


@pytest.fixture(scope="session")
def delivery_marts(embedded_server: EmbeddedServer, target: Path) -> Rows:
    """Rows of the delivery marts, built once from all three stories."""

    def url() -> str:
        return ensure_database(embedded_server.start(), "test_delivery_marts")  # a test may have stopped it

    with psycopg.connect(url(), autocommit=True) as connection:
        set_up(connection)
        landed = Landed(connection)
        a_sprint(landed)
        everything_that_goes_wrong(landed)
        everything_odd(landed)
        begin_build(connection)
    selected = ("--select", "+path:models/marts/delivery", "--exclude-resource-type", "unit_test")
    built = dbt("build", *selected, "--indirect-selection", "cautious", url=url(), target=target)
    assert built.returncode == 0, built.stdout

    def rows(query: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(url()) as connection:
            return connection.execute(query).fetchall()

    return rows
