"""A home of the bench's own: the embedded Postgres, a folder as the bucket, gone afterwards."""

import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from psycopg import Connection
from psycopg.conninfo import conninfo_to_dict

from bench import documents
from observes_assets.archive import Archive
from observes_assets.bucket import open_bucket
from observes_assets.contracts import Contract
from observes_assets.extraction import Extractor
from observes_assets.landing import tables
from observes_assets.postgres import connect, migrate
from observes_assets.postgres.account import account_for
from observes_assets.postgres.binaries import binaries_for
from observes_assets.postgres.server import EmbeddedServer

URL_VARIABLE = "OBSERVES_BENCH_POSTGRES_URL"
_LIBPQ = {
    "host": "PGHOST",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "dbname": "PGDATABASE",
}


@contextmanager
def home() -> Iterator[Path]:
    """A temporary home, which the server's account may pass through."""
    folder = Path(tempfile.mkdtemp(prefix="observes-bench-"))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@dataclass
class Stage:
    """A database and a bucket with the stream ``desk/tickets``, empty at the beginning of each round."""

    folder: Path
    url: str
    connection: Connection
    contract: Contract
    psql: Path

    @property
    def bucket(self) -> Path:
        """The folder that is the bucket."""
        return self.folder / "bucket"

    def empty(self) -> Extractor:
        """Truncate the tables, open another bucket, and give an extractor for both."""
        self.connection.execute(
            "truncate landing.batches, landing.loads, landing.quarantine, landing.refusals"
        )
        tables.empty(self.connection, self.contract.streams[documents.STREAM])
        shutil.rmtree(self.bucket, ignore_errors=True)
        archive = Archive(open_bucket(str(self.bucket)), code_version="bench")
        return Extractor(self.connection, archive, self.contract, run_id="bench")

    @property
    def environment(self) -> dict[str, str]:
        """For child processes: where the database is. A command line would show its password to everybody."""
        named = conninfo_to_dict(self.url)
        libpq = {variable: str(named[name]) for name, variable in _LIBPQ.items() if named.get(name)}
        return {**os.environ, **libpq, URL_VARIABLE: self.url}

    def run_psql(self, command: str) -> None:
        """Run a command by the ``psql`` of the same package."""
        options = ["-X", "-q", "-v", "ON_ERROR_STOP=1", "-c", command]
        subprocess.run([self.psql, *options], check=True, env=self.environment)


@contextmanager
def stage() -> Iterator[Stage]:
    """Start the server, make the tables; stop it and remove everything at the end."""
    with home() as folder:
        server = EmbeddedServer(folder)
        try:
            url = connect.ensure_database(server.start(), f"bench_{secrets.token_hex(4)}")
            psql = binaries_for(account_for(folder / "postgres" / "cluster")).folder / "psql"
            with stage_in(folder, url, psql) as ground:
                yield ground
        finally:
            server.stop()


@contextmanager
def stage_in(folder: Path, url: str, psql: Path) -> Iterator[Stage]:
    """The same in a folder and an empty database that are there."""
    with connect.connect(url, application_name="bench", autocommit=True) as connection:
        migrate.migrate(connection)
        contract = documents.contract()
        tables.create(connection, contract.streams[documents.STREAM])
        yield Stage(folder, url, connection, contract, psql)


def archived(
    extractor: Extractor,
    records: Iterable[dict[str, Any]],
    kind: Literal["complete", "differential"] = "complete",
) -> None:
    """Write a batch into the bucket, and land nothing."""
    begin = datetime.now(UTC)
    with extractor.scope(documents.STREAM, {}) as start, extractor.archive.draft() as draft:
        for record in records:
            draft.add(record)
        extractor.archive.write(
            draft,
            contract=extractor.contract,
            stream=documents.STREAM,
            scope={},
            kind=kind,
            previous=start.previous,
            last_number=start.last_number,
            extracted_from=begin,
        )
