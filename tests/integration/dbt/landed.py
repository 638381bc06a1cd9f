"""Rows as the landing writes them, by hand: small enough to check a bill on paper."""

import uuid
from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import psycopg
from psycopg.types.json import Jsonb

from observes_assets import contracts
from observes_assets.contracts import StreamContract
from observes_assets.landing import tables
from observes_assets.postgres.migrate import migrate
from observes_assets.postgres.roles import create_roles, grant_builder
from observes_assets.warehouse.pseudonyms import install_key

Record = dict[str, Any]
KEYS = {
    (source, name): stream.key
    for source in contracts.sources()
    for name, stream in contracts.load(source).streams.items()
}
NO_MAILMAP = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def set_up(connection: psycopg.Connection) -> None:
    """Tables, roles and the pseudonym key of an empty warehouse."""
    migrate(connection)
    create_roles(connection)
    for source, stream in KEYS:
        tables.create(connection, cast(StreamContract, SimpleNamespace(source=source, name=stream)))
    install_key(connection, b"a key for tests, 32 characters or more")
    grant_builder(
        connection,
        sorted({f"raw_{source}" for source, _ in KEYS}),
        [f"{source}__{stream}" for source, stream in KEYS],
    )


class Landed:
    """Lands batches of records, one call a batch.

    Args:
        load_ids: how load ids grow; a rebuild burns other ids and must give the same marts.
    """

    def __init__(self, connection: psycopg.Connection, *, first_load_id: int = 1, step: int = 1) -> None:
        self.connection = connection
        self.load_id = first_load_id - step
        self.step = step
        self.batches: dict[tuple[str, str], int] = {}
        self.scopes: set[str] = set()

    def land(
        self,
        name: str,
        until: str,
        records: Sequence[Record],
        *,
        scope: Mapping[str, str] | None = None,
        gone: Sequence[Sequence[str | int]] = (),
    ) -> None:
        """Land a batch of stream ``name`` ("source/stream") whose extraction ended at ``until``."""
        source, stream = name.split("/")
        self.load_id += self.step
        batch = self.batches[source, stream] = self.batches.get((source, stream), 0) + 1
        whole_scope = f"{name} {sorted((scope or {}).items())}"
        self.connection.execute(
            "insert into landing.loads values "
            "(%s, %s, %s, %s, %s, %s, %s, %s, %s, 0, 0, 0, 0, 0, 1, '', '', '', 'epoch', 'epoch')",
            [
                self.load_id,
                source,
                stream,
                batch,
                Jsonb(dict(scope or {})),
                "complete",
                whole_scope not in self.scopes,
                until,
                until,
            ],
        )
        self.scopes.add(whole_scope)
        for line, record in enumerate(records, start=1):
            key = _key([record[field] for field in KEYS[source, stream]])
            self.connection.execute(
                f"insert into raw_{source}.{stream} values (%s, %s, %s, %s, %s)",
                [self.load_id, line, key, uuid.UUID(int=line), Jsonb(record)],
            )
            self._add_version(f"{source}__{stream}", key, is_deleted=False)
        for fields in gone:
            self._add_version(f"{source}__{stream}", _key(fields), is_deleted=True)

    def _add_version(self, table: str, key: str, *, is_deleted: bool) -> None:
        previous = self.connection.execute(
            f"update landing.{table} set superseded_by = %s where record_key = %s and superseded_by is null "
            "returning content_load_id, first_load_id",
            [self.load_id, key],
        ).fetchone()
        content, first = previous or (self.load_id, self.load_id)
        self.connection.execute(
            f"insert into landing.{table} values (%s, %s, null, %s, %s, %s, %s)",
            [key, self.load_id, is_deleted, content if is_deleted else self.load_id, first, uuid.UUID(int=0)],
        )

    def answer(
        self,
        mailmap_sha256: str = NO_MAILMAP,
        *,
        people: Mapping[tuple[str, str], tuple[str, str]] | None = None,
        ignored: Mapping[str, Mapping[str, bool]] | None = None,
    ) -> None:
        """What git would answer: who is renamed, and by {patterns' sha256: {commit: …}} what is ignored."""
        raw = self.connection.execute(
            "select distinct record ->> 'author_name', record ->> 'author_email' from raw_git.commits"
        ).fetchall()
        for name, email in raw:
            self.connection.execute(
                "insert into landing.identities values (%s, %s, %s, %s, %s) on conflict do nothing",
                [mailmap_sha256, name, email, *(people or {}).get((name, email), (name, email))],
            )
        for sha256, commits in (ignored or {}).items():
            for sha, is_ignored in commits.items():
                self.connection.execute(
                    "insert into landing.ignored_commits values (%s, %s, %s)", [sha256, sha, is_ignored]
                )


def _key(fields: Sequence[str | int]) -> str:
    return msgspec.json.encode(list(fields)).decode()


def portfolio(
    repositories: Sequence[Record],
    *,
    author_price: str = "99.00",
    time_zone: str = "UTC",
    mailmap_sha256: str = NO_MAILMAP,
) -> Record:
    """A portfolio of organization acme (and others that its repositories name), all on plan squad."""
    groups = sorted({(entry["organization"], entry["group"]) for entry in repositories})
    return {
        "name": "portfolio",
        "billing": {
            "rule": "observed",
            "bots": "count",
            "bot_names": ["*-robot"],
            "minimum_commits": 1,
            "time_zone": time_zone,
            "close_day": 3,
        },
        "prices": [{"plan": "squad", "author": author_price, "base": "0.00", "currency": "USD"}],
        "groups": [{"organization": name, "group": group, "plan": "squad"} for name, group in groups],
        "repositories": list(repositories),
        "known_repositories": [],
        "mailmap": "",
        "mailmap_sha256": mailmap_sha256,
    }


def repository(
    repository_id: str,
    group: str,
    nickname: str,
    *,
    organization: str = "acme",
    ignore_sha256: str | None = None,
) -> Record:
    """A portfolio's entry, on branch main."""
    return {
        "organization": organization,
        "group": group,
        "nickname": nickname,
        "repository_id": repository_id,
        "url": f"https://git.example/{nickname}",
        "branch": "main",
        "ignore": ["docs/"] if ignore_sha256 else [],
        "ignore_sha256": ignore_sha256,
        "credential": None,
    }


def commit(
    repository_id: str,
    sha: str,
    authored_at: str,
    *,
    author: tuple[str, str] = ("Ann", "ann@acme.example"),
    committed_at: str | None = None,
    fingerprint: str | None = None,
    parents: Sequence[str] = (),
) -> Record:
    """A commit on branch main that touches one file."""
    return {
        "repository_id": repository_id,
        "branch": "main",
        "sha": sha,
        "fingerprint": fingerprint or f"f-{sha}",
        "author_name": author[0],
        "author_email": author[1],
        "authored_at": authored_at,
        "committer_name": author[0],
        "committer_email": author[1],
        "committed_at": committed_at or authored_at,
        "parents": list(parents),
        "message": f"message of {sha}",
        "co_authors": [{"name": "Zoe", "email": "zoe@acme.example"}],
        "insertions": 2,
        "deletions": 1,
        "files": [{"path": "a.py", "insertions": 2, "deletions": 1}],
        "escaped": [],
    }


def observation(repository_id: str, outcome: str = "ok", *, reason: str | None = None) -> Record:
    """The outcome of observing branch main."""
    return {
        "repository_id": repository_id,
        "branch": "main",
        "outcome": outcome,
        "reason": reason,
        "tip": "0" * 40 if outcome == "ok" else None,
    }
