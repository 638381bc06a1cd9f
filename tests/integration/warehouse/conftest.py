"""An installation of its own for each test, with candidates made by hand instead of by dbt."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from pydantic import SecretStr

from observes_assets.installation import Installation
from observes_assets.postgres.roles import BUILDER, PUBLISHER, acting
from observes_assets.settings import Settings
from observes_assets.warehouse import build, publish
from observes_assets.warehouse.build import CheckResult
from observes_assets.warehouse.gate import Requirements

MARTS = ("alpha", "beta")
REQUIRED = Requirements(marts=[*MARTS], tables=[*MARTS], checks=["alpha_is_unique"])
PASSED = CheckResult("alpha_is_unique", is_blocking=True, status="pass", failures=0, message=None)


@dataclass
class House:
    """Builds and publishes releases whose marts hold one number."""

    installation: Installation
    connection: psycopg.Connection

    @property
    def url(self) -> str:
        return self.installation.database_url

    def connect(self, *, autocommit: bool = True, role: str | None = None) -> psycopg.Connection:
        connection = psycopg.connect(self.url, autocommit=autocommit)
        if role:
            connection.execute(sql.SQL("set role {}").format(sql.Identifier(role)))
            if not autocommit:
                connection.commit()
        return connection

    def identity(self) -> build.Identity:
        with self.connect() as connection:
            return build.identity(connection, self.installation.contracts)

    @contextmanager
    def dbt(self, token: str) -> Iterator[psycopg.Connection]:
        """A session as dbt has it: the builder's, with the build's token."""
        with self.connect(role=BUILDER) as connection:
            connection.execute("select set_config('observes.build', %s, false)", [token])
            yield connection

    def building(self, connection: psycopg.Connection, required: Requirements = REQUIRED) -> Any:
        return build.building(connection, self.identity(), required)

    def build(
        self,
        number: int,
        *,
        rows: int = 1,
        required: Requirements = REQUIRED,
        results: tuple[CheckResult, ...] = (PASSED,),
    ) -> None:
        """A candidate whose marts hold a number, with these results."""
        with (
            self.installation.connect("build", role=PUBLISHER) as connection,
            self.building(connection, required) as building,
        ):
            invocation = f"invocation {number}, {building.token}"
            with self.dbt(building.token) as dbt:
                dbt.execute("select landing.join_build(%s)", [invocation])
                for mart in required.tables:
                    with dbt.transaction():
                        dbt.execute("select landing.hold_build(%s)", [invocation])
                        dbt.execute(
                            f"create table candidate.{mart} as select {number} as number "
                            f"from generate_series(1, {rows})"
                        )
            build.finish(connection, building, list(results))

    def release(self, number: int, **more: Any) -> publish.Release:
        """Build and publish a release."""
        self.build(number, **more)
        with acting(self.connection, PUBLISHER):
            return publish.publish_candidate(self.connection, self.installation.bucket)

    def one(self, query: str, parameters: Any = None) -> Any:
        row = self.connection.execute(query, parameters).fetchone()
        return row[0] if row and len(row) == 1 else row


@pytest.fixture
def new_installation(tmp_path: Path) -> Callable[..., Installation]:
    def make(url: str, *, bucket: Path | None = None) -> Installation:
        settings = Settings(
            home=tmp_path / "home",
            postgres_url=SecretStr(url),
            bucket_url=str(bucket or tmp_path / "bucket"),
            pseudonym_key=SecretStr("a key for tests, 32 characters or more"),
        )
        installation = Installation(settings)
        installation.set_up()
        return installation

    return make


@pytest.fixture
def house(database_url: str, new_installation: Callable[..., Installation]) -> Iterator[House]:
    installation = new_installation(database_url)
    with installation.connect("test") as connection:
        yield House(installation, connection)


@pytest.fixture
def full_house(house: House) -> House:
    """Releases one and two, a candidate, and a row in staging."""
    house.release(1)
    house.release(2)
    house.build(3)
    with house.connect(role=BUILDER) as builder:
        builder.execute("create table staging.stg_git__commits as select 1 as number")
    return house
