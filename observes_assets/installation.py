"""One installation: a home, a Postgres and a bucket that belong together.

Everything that needs the outside opens it here, lazily: importing or constructing touches nothing. The
bucket knows its installation's id and Postgres knows the same; a pair that does not match is refused
before anything is written.
"""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import cached_property

import msgspec
from psycopg import Connection, sql

from observes_assets import contracts
from observes_assets.archive import Archive
from observes_assets.bucket import Bucket, open_bucket
from observes_assets.contracts import Contract, StreamContract
from observes_assets.erasure.register import Register
from observes_assets.errors import SettingsError
from observes_assets.landing import tables
from observes_assets.postgres import connect, locks, migrate, roles
from observes_assets.postgres.server import EmbeddedServer
from observes_assets.postgres.url import parts, sqlalchemy_url
from observes_assets.settings import Settings, load_settings
from observes_assets.version import code_version
from observes_assets.warehouse import pseudonyms

SOURCES = contracts.sources()
_DATABASE = "observes"
_IDENTITY = "observes.json"


@dataclass
class Installation:
    """The outside world of one process."""

    settings: Settings

    @classmethod
    def from_environment(cls) -> "Installation":
        """The installation that the environment describes."""
        return cls(load_settings())

    @cached_property
    def server(self) -> EmbeddedServer | None:
        """The embedded server; None when ``OBSERVES_POSTGRES_URL`` names another."""
        return None if self.settings.postgres_url else EmbeddedServer(self.settings.home)

    @cached_property
    def database_url(self) -> str:
        """URL of the warehouse's database, which exists when this returns. Holds a password: never log it."""
        if self.server is not None:
            url = self.server.start()
        else:
            assert self.settings.postgres_url is not None
            url = self.settings.postgres_url.get_secret_value()
        return connect.ensure_database(url, self.database_name)

    @cached_property
    def database_name(self) -> str:
        """Name of the warehouse's database."""
        url = self.settings.postgres_url
        return (parts(url.get_secret_value()).database if url else "") or _DATABASE

    @cached_property
    def dagster_database_url(self) -> str:
        """URL of Dagster's database, which exists when this returns. Holds a password: never log it."""
        if own := self.settings.dagster_postgres_url:
            return own.get_secret_value()
        url = connect.ensure_database(self.database_url, f"{self.database_name}_dagster")
        with self.connect("Dagster's database") as connection:
            roles.close_database(connection, f"{self.database_name}_dagster")
        return url

    @property
    def dagster_url(self) -> str:
        """The same URL, as SQLAlchemy wants it."""
        return sqlalchemy_url(self.dagster_database_url)

    @cached_property
    def bucket(self) -> Bucket:
        """The bucket, probed."""
        return open_bucket(self.settings.bucket)

    @cached_property
    def archive(self) -> Archive:
        """The bucket's batches."""
        register = Register(self.bucket, lambda: pseudonyms.read_key(self.settings))
        return Archive(self.bucket, code_version=code_version(), register=register)

    @cached_property
    def contracts(self) -> dict[str, Contract]:
        """The sources' contracts, as this program ships them."""
        return {source: contracts.load(source) for source in SOURCES}

    def connect(self, purpose: str, *, role: str | None = None) -> Connection:
        """A connection that autocommits; ``purpose`` shows in ``pg_stat_activity`` and in "who holds it".

        Args:
            role: of ``postgres.roles``, whose rights the work needs; by default our own login's.
        """
        name = f"observes {purpose}"
        connection = connect.connect(self.database_url, application_name=name, autocommit=True)
        if role:
            connection.execute(sql.SQL("set role {}").format(sql.Identifier(role)))
        return connection

    @contextmanager
    def opened(self, purpose: str, *, role: str | None = None) -> Iterator[Connection]:
        """A connection for a command that looks at, or decides about, what a run made before.

        Args:
            role: as for ``connect``.

        Raises:
            SettingsError: no run has been here yet.
        """
        require_home(self.settings)
        with self.connect(purpose) as connection:
            found = migrate.version(connection)
            if found == 0:
                raise SettingsError(f"Nothing has run in {self.settings.home} yet.", "Run `observes run`.")
            if found != migrate.newest():
                self.set_up()
            with roles.acting(connection, role) if role else nullcontext():
                yield connection

    def set_up(self, *, again: bool = False) -> None:
        """Make or upgrade what Postgres must have, and check that bucket and Postgres belong together.

        Args:
            again: make tables, roles and grants also where this very program has made them already. A grant
                that somebody took away comes back only so.

        Raises:
            SettingsError: Postgres is too old, lacks rights, was made by a newer Observes or belongs to
                another installation than the bucket.
        """
        with self.connect("set-up") as connection:
            connect.require_supported(connection)
            migrate.migrate(connection)
            key = pseudonyms.read_key(self.settings)
            self._require_pair(connection, pseudonyms.fingerprint(key))
            pseudonyms.install_key(connection, key)
            self.archive.register.copy(connection)
            # Each grant rewrites a row of the catalogue, and an index that may be missing waits for landings.
            if again or not self._is_made(connection):
                with locks.session_lock(connection, locks.SET_UP):
                    self._make(connection)

    @property
    def _streams(self) -> list[StreamContract]:
        return [stream for one in self.contracts.values() for stream in one.streams.values()]

    def _make(self, connection: Connection) -> None:
        """Make tables, roles and grants, and note whose work they are."""
        roles.create_roles(connection)
        for stream in self._streams:
            tables.create(connection, stream)
        raw_schemas = [f"raw_{source}" for source in self.contracts]
        roles.grant_builder(
            connection, raw_schemas, [f"{stream.source}__{stream.name}" for stream in self._streams]
        )
        roles.grant_loader(connection, raw_schemas)
        roles.grant_billing(connection)
        roles.grant_publisher(connection)
        maker = sql.Literal(_maker(connection))
        connection.execute(sql.SQL("comment on table landing.installation is {}").format(maker))

    def _is_made(self, connection: Connection) -> bool:
        """Whether this very program made all of it, for this login, and nobody has dropped anything since."""
        made = [tables.StreamTables.of(stream) for stream in self._streams]
        row = connection.execute(
            """
            select obj_description('landing.installation'::regclass, 'pg_class') = %(maker)s
                and (select count(*) from pg_roles where rolname = any(%(roles)s)) = cardinality(%(roles)s)
                and (select bool_and(to_regclass(name) is not null) from unnest(%(tables)s::text[]) as name)
            """,
            {
                "maker": _maker(connection),
                "roles": list(roles.ROLES),
                "tables": [name.as_string() for one in made for name in (one.raw, one.versions)],
            },
        ).fetchone()
        return bool(row and row[0])

    def _require_pair(self, connection: Connection, key_fingerprint: str) -> None:
        row = connection.execute("select installation_id, kind from landing.installation").fetchone()
        in_postgres = str(row[0]) if row else None
        kind = "sandbox" if self.settings.is_sandbox else "real"
        if row:
            _require_kind(self.settings, str(row[1]), f"Postgres, installation {in_postgres}")
        if in_postgres and not self.bucket.exists(_IDENTITY):
            raise SettingsError(
                f"Postgres belongs to installation {in_postgres}, but the bucket {self.bucket.url} has no "
                f"{_IDENTITY}: it is another bucket, or an emptied one.",
                "Set OBSERVES_BUCKET_URL to this installation's bucket, or start with an empty database.",
            )
        fresh = {"installation_id": in_postgres or uuid.uuid4().hex, "key_fingerprint": key_fingerprint}
        fresh["kind"] = kind
        self.bucket.put_new(_IDENTITY, msgspec.json.encode(fresh))
        identity = msgspec.json.decode(self.bucket.get(_IDENTITY))
        in_bucket = str(identity["installation_id"])
        _require_kind(self.settings, identity.get("kind", "real"), f"The bucket {self.bucket.url}")
        if in_postgres not in {None, in_bucket}:
            raise SettingsError(
                f"Postgres belongs to installation {in_postgres}, "
                f"the bucket {self.bucket.url} to {in_bucket}.",
                "Check OBSERVES_POSTGRES_URL and OBSERVES_BUCKET_URL: one of the two is the wrong one.",
            )
        if identity["key_fingerprint"] != key_fingerprint:
            raise SettingsError(
                f"The bucket {self.bucket.url} was filled with another pseudonym key.",
                "Restore OBSERVES_PSEUDONYM_KEY or pseudonym.key in the home: with another key, people would "
                "no longer join with themselves.",
            )
        connection.execute(
            "insert into landing.installation (installation_id, kind) values (%s, %s) on conflict do nothing",
            [in_bucket, kind],
        )


def _maker(connection: Connection) -> str:
    return f"Made by {code_version()} for {connection.info.user}."


def _require_kind(settings: Settings, kind: str, where: str) -> None:
    """What is made up and what is real never lie in one place."""
    elsewhere = (
        "Set OBSERVES_HOME (and OBSERVES_BUCKET_URL and OBSERVES_POSTGRES_URL, if set) to another place"
    )
    if kind == "sandbox" and not settings.is_sandbox:
        named = ", ".join(settings.real_vendors)
        raise SettingsError(
            f"{where}, holds the sandbox's made-up company, and {named} names a real vendor.",
            f"{elsewhere}, or unset {named}.",
        )
    if kind == "real" and settings.is_sandbox:
        raise SettingsError(
            f"{where}, holds real data, and no setting names a vendor, which means the sandbox.",
            f"Set OBSERVES_PORTFOLIO or OBSERVES_GITHUB_… as before. {elsewhere}, to see the sandbox.",
        )


def require_home(settings: Settings) -> None:
    """Make the home, private to its user; when that is root, Postgres' account may pass through.

    Raises:
        SettingsError: it can't be made or written.
    """
    try:
        settings.home.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, parents=True, exist_ok=True)
        probe = settings.home / f".probe-{uuid.uuid4().hex}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise SettingsError(
            f"The home {settings.home} can't be written: {error.strerror}.",
            "Set OBSERVES_HOME to a folder that you may write.",
        ) from None
