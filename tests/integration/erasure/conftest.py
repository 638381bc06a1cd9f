"""An installation with a person in every place that Observes writes to, in each kind of bucket."""

import logging
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import psycopg
import pytest
import zstandard
from moto.server import ThreadedMotoServer
from psycopg.types.json import Jsonb
from pydantic import SecretStr

from observes_assets.extraction import Extractor, Outcome, Reading
from observes_assets.installation import Installation
from observes_assets.postgres.roles import PUBLISHER, READER, acting
from observes_assets.settings import Settings

ADA, ADA_AT_HOME, BOB = "Ada@acme.example", "ada@home.example", "bob@acme.example"
MAILMAP = f"# people\nAda Lovelace <{ADA}> <{ADA_AT_HOME}> # Countess\nBob <{BOB}>\n"
MAILMAP_SHA256 = "a" * 64
SCOPE = {"repository_id": "r1", "branch": "main"}


def commit(number: int, name: str, email: str, *, message: str = "work", **more: Any) -> dict[str, Any]:
    """A commit as the git source gives it."""
    return {
        **SCOPE,
        "sha": f"{number:040x}",
        "fingerprint": f"{number:064x}",
        "author_name": name,
        "author_email": email,
        "authored_at": "2026-01-05T10:00:00+01:00",
        "authored_raw": None,
        "committer_name": "Bob",
        "committer_email": BOB,
        "committed_at": "2026-01-05T10:00:00+01:00",
        "committed_raw": None,
        "parents": [],
        "message": message,
        "co_authors": [],
        "insertions": number,
        "deletions": 0,
        "files": [],
        "escaped": [],
        **more,
    }


COMMITS = [
    commit(1, "Ada Lovelace", ADA, message=f"one\n\nSigned-off-by: Ada Lovelace <{ADA}>"),
    commit(2, "Bob", BOB, co_authors=[{"name": "Ada L.", "email": ADA_AT_HOME}]),
    commit(3, "ada", ADA_AT_HOME),
    commit(4, "Bob", BOB, message="é 1.10 bob@acme.example"),
]
PORTFOLIO = {
    "name": "portfolio",
    "billing": {
        "rule": "observed",
        "bots": "count",
        "bot_names": [],
        "minimum_commits": 1,
        "time_zone": "UTC",
        "close_day": 3,
    },
    "prices": [],
    "groups": [],
    "repositories": [],
    "known_repositories": [],
    "mailmap": MAILMAP,
    "mailmap_sha256": MAILMAP_SHA256,
}


@dataclass
class Place:
    """An installation, and ways to look everywhere in it."""

    installation: Installation
    connection: psycopg.Connection

    def land(
        self, source: str, stream: str, records: list[Any], scope: dict[str, str], kind: str = "complete"
    ) -> Outcome:
        contract = self.installation.contracts[source]
        extractor = Extractor(self.connection, self.installation.archive, contract, "test")
        with extractor.scope(stream, scope) as start:
            return extractor.extract(stream, scope, start, Reading(kind, records))  # type: ignore[arg-type]

    def commits(self, records: list[Any], kind: str = "complete") -> Outcome:
        return self.land("git", "commits", records, SCOPE, kind)

    def objects(self) -> dict[str, bytes]:
        """Every object of the bucket, unpacked; without contracts, whose examples call people Ada too."""
        bucket = self.installation.bucket
        found = {name: bucket.get(name) for name in bucket.names("") if not name.startswith("contracts/")}
        unpacked = zstandard.ZstdDecompressor().decompressobj
        return {
            name: unpacked().decompress(data) if name.endswith(".zst") else data
            for name, data in found.items()
        }

    def rows(self, *schemas: str) -> dict[str, list[str]]:
        """Every row of every table as text, of these schemas or of all."""
        tables = self.connection.execute(
            "select schemaname, tablename from pg_tables where schemaname !~ '^(pg_|information_schema)'"
        ).fetchall()
        return {
            f"{schema}.{table}": sorted(
                row[0] for row in self.connection.execute(f"select t::text from {schema}.{table} as t")
            )
            for schema, table in tables
            if not schemas or schema in schemas
        }

    def naming(self, *words: str) -> list[str]:
        """Objects and tables in which a word stands, in whatever case."""
        places = {name: data.decode("utf-8", "replace") for name, data in self.objects().items()}
        places |= {table: "\n".join(rows) for table, rows in self.rows().items()}
        return sorted(
            name for name, text in places.items() if any(word.lower() in text.lower() for word in words)
        )

    def one(self, query: str, parameters: Any = None) -> Any:
        row = self.connection.execute(query, parameters).fetchone()
        return row[0] if row and len(row) == 1 else row

    def release(self, number: int) -> None:
        """A release with a mart that shows authors, to nobody but who bills."""
        with acting(self.connection, PUBLISHER):
            self._publish(number, f"release_{number}")

    def _publish(self, number: int, schema: str) -> None:
        execute = self.connection.execute
        execute(f"create schema {schema}")
        execute(f"create table {schema}.authors (author_email text, author_name text, commits bigint)")
        execute(f"create table {schema}.notes (words text, tags text[], more jsonb)")
        execute(
            f"insert into {schema}.authors values (lower(%s), 'Ada Lovelace', 2), (%s, 'Bob', 2)", [ADA, BOB]
        )
        execute(
            f"insert into {schema}.notes values (%s, %s, %s), ('none', null, null)",
            [f"by {ADA}", [ADA, "x"], Jsonb({"by": f"Ada <{ADA}>"})],
        )
        execute(f"grant usage on schema {schema} to {READER}")
        execute(f"grant select (commits) on {schema}.authors to {READER}")
        execute(f"grant select on {schema}.notes to {READER}")
        marts = {"authors": {"sha256": "before", "rows": 2}, "notes": {"sha256": "before", "rows": 2}}
        execute(
            "insert into landing.releases (release_number, state, is_on_show, as_of, inputs_sha256, record, "
            "published_at) values (%s, 'published', true, 1, '', %s, now())",
            [number, Jsonb({"marts": marts})],
        )


def fill(place: Place) -> Place:
    """Ada and Bob in every place: two batches of commits, one that waits, notes, answers, a release."""
    place.land("portfolio", "portfolio", [PORTFOLIO], {})
    place.commits(COMMITS[:3])
    place.commits(COMMITS)
    place.connection.execute(
        "insert into landing.identities values (%(m)s, 'ada', %(home)s, 'Ada Lovelace', %(ada)s), "
        "(%(m)s, 'Bob', %(bob)s, 'Bob', %(bob)s)",
        {"m": MAILMAP_SHA256, "home": ADA_AT_HOME, "ada": ADA, "bob": BOB},
    )
    place.connection.execute(
        "insert into landing.check_results values ('i', 'c', true, 'fail', 1, %s)", [f"row ({ADA}, 1)"]
    )
    place.connection.execute(
        "insert into landing.quarantine values ('git', 'commits', 1, 9, null, '$', %s)", [f"not {ADA}"]
    )
    place.release(1)
    return place


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3_url(s3_server: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "no-config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "no-credentials"))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-a-secret-at-all")
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_server)
    name = f"bucket-{uuid.uuid4().hex}"
    boto3.session.Session().client("s3").create_bucket(Bucket=name)
    return f"s3://{name}/prefix"


@pytest.fixture
def new_place(database_url: str, tmp_path: Path) -> Iterator[Callable[[str], Place]]:
    opened: list[psycopg.Connection] = []

    def make(bucket_url: str, url: str = database_url) -> Place:
        settings = Settings(
            home=tmp_path / "home",
            postgres_url=SecretStr(url),
            bucket_url=bucket_url,
            pseudonym_key=SecretStr("a key for tests, 32 characters or more"),
        )
        settings.home.mkdir(exist_ok=True)
        installation = Installation(settings)
        installation.set_up()
        opened.append(installation.connect("test"))
        return Place(installation, opened[-1])

    yield make
    for connection in opened:
        connection.close()


@pytest.fixture
def place(new_place: Callable[[str], Place], tmp_path: Path) -> Place:
    return fill(new_place(str(tmp_path / "bucket")))
