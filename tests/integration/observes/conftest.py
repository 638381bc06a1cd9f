"""An installation of its own for each test, and a small source beside those that Observes ships."""

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psycopg
import pytest
from pydantic import SecretStr

from observes_assets.installation import Installation
from observes_assets.settings import Settings
from observes_assets.sources.observes.recording import promises_of, record
from observes_assets.sources.observes.streams import Extraction

NOON = datetime(2024, 5, 3, 12, 0, tzinfo=UTC)


@dataclass
class Watchtower:
    """One installation and a connection to it."""

    installation: Installation
    connection: psycopg.Connection

    def record(self, stream: str, *records: dict[str, Any]) -> Any:
        return record(self.installation, self.connection, stream, records, run_id="test")

    def attempt(self, at: datetime, *, failure: str | None = None, source: str = "git", **more: Any) -> None:
        """Record an attempt to extract every stream of a source."""
        streams = self.installation.contracts[source].streams
        self.record(
            "extractions",
            *(
                Extraction(source, name, at, at, 1, int(failure is not None), failure, **more).as_record(
                    f"{at.isoformat()} {source}/{name}", "run-1", promises_of(stream)
                )
                for name, stream in streams.items()
            ),
        )

    def one(self, query: str, parameters: Any = None) -> Any:
        row = self.connection.execute(query, parameters).fetchone()
        return row[0] if row and len(row) == 1 else row

    def rows(self, query: str, parameters: Any = None) -> list[tuple[Any, ...]]:
        return self.connection.execute(query, parameters).fetchall()


@pytest.fixture
def new_tower(tmp_path: Path) -> Iterator[Callable[..., Watchtower]]:
    connections = []

    def make(url: str) -> Watchtower:
        settings = Settings(
            home=tmp_path / "home",
            postgres_url=SecretStr(url),
            bucket_url=str(tmp_path / "bucket"),
            pseudonym_key=SecretStr("a key for tests, 32 characters or more"),
        )
        installation = Installation(settings)
        installation.set_up()
        connections.append(installation.connect("test"))
        return Watchtower(installation, connections[-1])

    yield make
    for connection in connections:
        connection.close()


@pytest.fixture
def tower(database_url: str, new_tower: Callable[..., Watchtower]) -> Watchtower:
    return new_tower(database_url)


@dataclass
class Receiver:
    """A service that takes notifications and signs of life; ``answer`` is the status that it answers with."""

    address: str
    messages: list[dict[str, Any]] = field(default_factory=list)
    beats: int = 0
    answer: int = 200

    @property
    def titles(self) -> list[str]:
        return [one["title"] for one in self.messages]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if found.answer == 200:
                found.messages.append(message)
            self.reply()

        def do_GET(self) -> None:
            found.beats += 1
            self.reply()

        def reply(self) -> None:
            self.send_response(found.answer)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_arguments: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found = Receiver(f"127.0.0.1:{server.server_port}")
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield found
    server.shutdown()
    server.server_close()


@pytest.fixture
def manned(tower: Watchtower, receiver: Receiver) -> Watchtower:
    """A watchtower whose people and dead-man switch can be reached."""
    tower.installation.settings.notify_urls = SecretStr(
        f"json://{receiver.address}/secret-of-the-url?cto=60&rto=60"
    )
    tower.installation.settings.heartbeat_url = SecretStr(f"http://{receiver.address}/alive")
    return tower
