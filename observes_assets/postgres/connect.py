"""Connections that behave the same everywhere, and databases whose text sorts the same everywhere."""

import socket
from pathlib import PurePath

import psycopg
from psycopg import sql

from observes_assets.errors import ObservesError, SettingsError
from observes_assets.postgres.url import parts, redact, with_database

MINIMUM_VERSION = 17
"""The first with a built-in locale, which gives the same order on every operating system."""

LOCALE = "C.UTF-8"

_PASSING = (
    "the database system is",
    "too many clients",
    "remaining connection slots",
    "too many connections",
    "timeout expired",
    "server closed the connection",
)
"""Failures that no setting mends. A server that speaks another language is taken for a wrong setting."""

_SEND_BUFFER = 1 << 22
"""Bytes asked of the kernel, which gives its ``net.core.wmem_max`` at most. Loads take a quarter less."""


def connect(url: str, *, application_name: str, autocommit: bool = False) -> psycopg.Connection:
    """Open a connection: time zone UTC, UTF-8, and a vanished server is noticed within two minutes.

    Args:
        application_name: shown in ``pg_stat_activity``, so that people see who waits for whom.

    Raises:
        SettingsError: the URL, the host, the database or the login is wrong.
        ObservesError: the server is there but doesn't take connections now.
    """
    wanted = parts(url)
    try:
        connection = psycopg.connect(
            url,
            autocommit=True,
            application_name=application_name,
            client_encoding="utf8",
            options=f"{wanted.options.get('options', '')} -c timezone=UTC".strip(),
            connect_timeout=int(wanted.options.get("connect_timeout", "10")),
            keepalives=1,
            keepalives_idle=30,
            keepalives_interval=10,
            keepalives_count=6,
            tcp_user_timeout=120_000,  # milliseconds
        )
    except psycopg.OperationalError as error:
        raise _explain(url, error) from None
    if connection.info.parameter_status("TimeZone") != "UTC":
        # PGTZ in the environment wins over the options. Outside a transaction no rollback undoes this.
        connection.execute("set time zone 'UTC'")
    _widen(connection)
    connection.autocommit = autocommit
    return connection


def _widen(connection: psycopg.Connection) -> None:
    """Let a COPY run ahead of the server; over TCP the kernel sees to it, over a Unix socket nobody does."""
    if PurePath(connection.info.host).is_absolute():
        with socket.fromfd(connection.fileno(), socket.AF_UNIX, socket.SOCK_STREAM) as duplicate:
            duplicate.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)


def _explain(url: str, error: psycopg.OperationalError) -> ObservesError:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    reason = lines[0] if lines else "no reason given"
    for line in lines:  # several addresses were tried: a server's own word says most
        reason = line if "FATAL" in line else reason
    for secret in filter(None, (parts(url).password, parts(url).options.get("sslpassword"))):
        reason = reason.replace(secret, "…")
    message = f"Can't connect to PostgreSQL at {redact(url)}: {reason.removesuffix('.')}."
    if any(word in str(error) for word in _PASSING):
        return ObservesError(message, "Try again when the server is ready.")
    return SettingsError(message, "Check host, port, database, user and password of the PostgreSQL URL.")


def require_supported(connection: psycopg.Connection) -> None:
    """Check that Observes can work here: version, encoding, writable, and the right to make what it needs.

    Raises:
        SettingsError: says which of these is missing.
    """
    _require_version(connection)
    name = f"The PostgreSQL database {connection.info.dbname!r}"
    query = """
        select current_setting('server_encoding'),
               pg_is_in_recovery() or current_setting('default_transaction_read_only')::boolean,
               rolsuper or rolcreatedb, rolsuper or rolcreaterole, rolname
        from pg_roles where rolname = current_user
    """
    row = connection.execute(query).fetchone()
    assert row is not None
    encoding, read_only, makes_databases, makes_roles, role = row
    if encoding != "UTF8":
        raise SettingsError(f"{name} has the encoding {encoding}.", "Observes needs one with UTF8.")
    if read_only:
        raise SettingsError(f"{name} is read-only.", "Use the primary server.")
    missing = [
        right for right, held in (("CREATEDB", makes_databases), ("CREATEROLE", makes_roles)) if not held
    ]
    if missing:
        raise SettingsError(
            f"The role {role!r} of {name[4:]} lacks {' and '.join(missing)}.",
            f"As a superuser: alter role {role} {' '.join(missing).lower()};",
        )


def _require_version(connection: psycopg.Connection) -> None:
    if connection.info.server_version < MINIMUM_VERSION * 10_000:
        raise SettingsError(
            f"The PostgreSQL database {connection.info.dbname!r} is on version "
            f"{connection.info.server_version // 10_000}.",
            f"Observes needs PostgreSQL {MINIMUM_VERSION} or newer.",
        )


def ensure_database(url: str, name: str) -> str:
    """Make a database on the URL's server unless it exists; its locale is PostgreSQL's own ``C.UTF-8``.

    The URL's own database need not exist, it may be the one to make.

    Returns: the database's URL.

    Raises:
        SettingsError: the server is too old, or the database exists with another locale or encoding, or can't
            be made.
    """
    statement = sql.SQL(
        "create database {} template template0 encoding 'UTF8' "
        "locale 'C' locale_provider builtin builtin_locale {}"
    ).format(sql.Identifier(name), sql.Literal(LOCALE))
    with _any_database(url) as connection:
        _require_version(connection)  # an older one has no built-in locales to ask for
        if (found := _locale(connection, name)) is None:
            try:
                connection.execute(statement)
            except (psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
                pass  # another process was faster
            except psycopg.errors.InsufficientPrivilege:
                raise SettingsError(
                    f"The role {connection.info.user!r} may not make the database {name!r}.",
                    f"As a superuser: alter role {connection.info.user} createdb;",
                ) from None
            found = _locale(connection, name)
    if found != ("b", LOCALE, "UTF8"):
        raise SettingsError(
            f"The database {name!r} exists, but not with the built-in locale {LOCALE} and encoding UTF8: "
            "the same data would sort differently on another machine.",
            f"Use another database, or drop it: Observes makes {name!r} as it needs it.",
        )
    return with_database(url, name)


def _any_database(url: str) -> psycopg.Connection:
    try:
        return connect(url, application_name="observes databases", autocommit=True)
    except SettingsError as error:
        if "does not exist" not in error.message:
            raise
    # Every server has this one, unless somebody dropped it.
    return connect(with_database(url, "postgres"), application_name="observes databases", autocommit=True)


def _locale(connection: psycopg.Connection, name: str) -> tuple[str, str, str] | None:
    return connection.execute(
        "select datlocprovider::text, datlocale, pg_encoding_to_char(encoding) "
        "from pg_database where datname = %s",
        (name,),
    ).fetchone()
