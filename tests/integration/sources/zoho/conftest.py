"""The sandbox's Zoho, an installation that reads it, and no waiting: seconds pass when somebody sleeps."""

import secrets
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from pydantic import SecretStr

from observes_assets.contracts import Contract, RateLimit
from observes_assets.extraction import Extractor
from observes_assets.installation import Installation
from observes_assets.postgres.connect import ensure_database
from observes_assets.postgres.server import EmbeddedServer
from observes_assets.sandbox import zoho
from observes_assets.sandbox.world import World
from observes_assets.sandbox.zoho import Zoho
from observes_assets.settings import Settings
from observes_assets.sources.observes.recording import attempts
from observes_assets.sources.zoho.access import Access
from observes_assets.sources.zoho.client import Client
from observes_assets.sources.zoho.observation import Observed, observe_all
from observes_assets.sources.zoho.preparation import Prepared, prepare
from observes_assets.sources.zoho.recording import Exports

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
FEW = ("Leads", "Deals")


@dataclass
class Clock:
    """Seconds that pass only when somebody sleeps; whoever sleeps makes Zoho's own work go on."""

    now: float = 0.0
    slept: list[float] = field(default_factory=list)
    then: Callable[[], object] | None = None

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
        if self.then:
            self.then()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def vendor() -> Iterator[Zoho]:
    with zoho.serving(World(at=AT)) as serving:
        serving.jobs.seconds = 0
        yield serving
        assert not serving.failures


def access_to(vendor: Zoho, folder: Path, **more: Any) -> Access:
    credentials = vendor.credentials
    given = {
        "client_id": credentials.client_id,
        "client_secret": credentials.client_secret,
        "refresh_token": credentials.refresh_token,
        "accounts_url": vendor.address,
        "kept_in": folder / "zoho" / "access.json",
        "modules": FEW,
    }
    return Access(**{**given, **more})


MakeClient = Callable[..., Client]


@pytest.fixture
def make_client(vendor: Zoho, clock: Clock, tmp_path: Path) -> Iterator[MakeClient]:
    made: list[Client] = []

    def make(*, downloads: int = 10, **more: Any) -> Client:
        limit = RateLimit(requests=downloads, period_seconds=60)
        access = access_to(vendor, tmp_path, **more)
        made.append(Client(access, limit, server_at=vendor.world.now, clock=clock, sleep=clock.sleep))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture(scope="session")
def empty_home(embedded_server: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """A database that was set up, to be copied, and the home with its bucket."""
    name = f"test_zoho_{secrets.token_hex(4)}"
    home = tmp_path_factory.mktemp("zoho-home")
    Installation(settings_of(ensure_database(embedded_server.start(), name), home)).set_up()
    return name, home


def settings_of(database_url: str, home: Path) -> Settings:
    return Settings(
        _env_file=None,  # type: ignore[call-arg]
        home=home,
        postgres_url=SecretStr(database_url),
        zoho_client_id="somebody",
        portfolio=home / "portfolio.yaml",
    )


@pytest.fixture
def installation(
    embedded_server: EmbeddedServer, empty_home: tuple[str, Path], tmp_path: Path
) -> Iterator[Installation]:
    """An installation of its own, with nothing in it."""
    template, home = empty_home
    shutil.copytree(home, tmp_path / "home")
    name = f"test_{secrets.token_hex(6)}"
    server = embedded_server.start()
    with psycopg.connect(server, autocommit=True) as connection:
        copied = sql.SQL("create database {} template {}").format(
            sql.Identifier(name), sql.Identifier(template)
        )
        connection.execute(copied)
    yield Installation(settings_of(ensure_database(server, name), tmp_path / "home"))
    with psycopg.connect(embedded_server.start(), autocommit=True) as connection:
        connection.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


@dataclass
class Desk:
    """Reads Zoho as a run does, in two halves."""

    installation: Installation
    vendor: Zoho
    make_client: MakeClient
    connection: psycopg.Connection
    runs: int = 0

    @property
    def contract(self) -> Contract:
        return self.installation.contracts["zoho"]

    def ask(self, client: Client | None = None) -> Prepared:
        """The first half."""
        return self._run(
            lambda extractor, exports, client: prepare(extractor, client, exports, self.now), client
        )

    def take(self, client: Client | None = None, *, waits: bool = True) -> Observed:
        """The second half."""
        return self._run(
            lambda extractor, exports, client: observe_all(extractor, client, exports, self.now, waits=waits),
            client,
        )

    def read(self, client: Client | None = None) -> tuple[Prepared, Observed]:
        """Both, one after the other."""
        client = client or self.make_client()
        return self.ask(client), self.take(client)

    @property
    def now(self) -> datetime:
        return self.vendor.world.now

    def _run(self, work: Callable[[Extractor, Exports, Client], Any], client: Client | None) -> Any:
        self.runs += 1
        run_id = f"run {self.runs}"
        with attempts(self.installation, self.connection, self.contract, run_id) as extractor:
            exports = Exports(self.installation, self.connection, run_id)
            exports.restore()
            return work(extractor, exports, client or self.make_client())

    def standing(self, stream: str) -> dict[str, dict[str, Any]]:
        """Records that are not gone, by id."""
        rows = self.connection.execute(
            f"select r.record from landing.zoho__{stream} as v join raw_zoho.{stream} as r "
            "on r.load_id = v.content_load_id and r.record_key = v.record_key "
            "where v.superseded_by is null and not v.is_deleted"
        )
        return {row[0]["id"]: row[0] for row in rows}

    def loads(self, stream: str) -> list[tuple[Any, ...]]:
        """Kind, records read, versions written and tombstones of each batch that landed."""
        return self.connection.execute(
            "select kind, records_read, records_written, records_deleted from landing.loads "
            "where source = 'zoho' and stream = %s order by load_id",
            [stream],
        ).fetchall()

    def cursor(self, stream: str) -> dict[str, Any]:
        row = self.connection.execute(
            "select manifest -> 'cursor_after' from landing.batches where source = 'zoho' and stream = %s "
            "order by batch desc limit 1",
            [stream],
        ).fetchone()
        assert row is not None
        return dict(row[0])

    def exports(self) -> list[tuple[Any, ...]]:
        """Module, page, try and end of each export, in the order of asking."""
        return self.connection.execute(
            "select module, page_number, try_number, ended_as from landing.zoho_exports order by place"
        ).fetchall()

    def asked(self, pattern: str = "POST /crm/bulk") -> list[str]:
        return [one.name for one in self.vendor.requests if one.name.startswith(pattern)]


@pytest.fixture
def desk(installation: Installation, vendor: Zoho, make_client: MakeClient) -> Iterator[Desk]:
    with installation.connect("test") as connection:
        yield Desk(installation, vendor, make_client, connection)
