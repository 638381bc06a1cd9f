"""A migrated, empty warehouse, and one parsed manifest for all tests of this folder."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.integration.dbt.landed import set_up


@pytest.fixture
def warehouse(database_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database_url, autocommit=True) as connection:
        set_up(connection)
        yield connection


@pytest.fixture(scope="session")
def target(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """dbt's target folder: shared, so that only the first run parses the whole project."""
    return tmp_path_factory.mktemp("target")
