"""PostgreSQL URLs as libpq understands them: taken apart, pointed elsewhere, shown without their secrets."""

from dataclasses import dataclass, field
from urllib.parse import quote, urlencode

import psycopg
from psycopg.conninfo import conninfo_to_dict

from observes_assets.errors import SettingsError

SECRETS = ("password", "sslpassword", "oauth_client_secret")


@dataclass(frozen=True)
class ConnectionParts:
    """What tools ask for that take no URL (dbt).

    ``host`` may be a socket's folder. ``options`` holds every other parameter of the URL by libpq's name
    (``sslmode``, ``sslrootcert`` …).
    """

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    database: str
    options: dict[str, str]


def parts(url: str) -> ConnectionParts:
    """Take a URL apart.

    Raises:
        SettingsError: it is no PostgreSQL URL, or doesn't name one host and a user.
    """
    values = _values(url)
    for needed, example in (("host", "localhost"), ("user", "observes")):
        # libpq would take one from the environment or its own default, dbt another.
        if not values.get(needed):
            raise SettingsError(f"The PostgreSQL URL names no {needed}.", f"Add one, for instance {example}.")
    host, port = values.pop("host"), values.pop("port", "5432")
    if "," in host + port:
        raise SettingsError(f"The PostgreSQL URL {redact(url)} names several hosts.", "Name one.")
    if not port.isdigit():
        raise SettingsError(f"The PostgreSQL URL {redact(url)} has a port that is no number.")
    user = values.pop("user")
    return ConnectionParts(
        host=host,
        port=int(port),
        user=user,
        password=values.pop("password", ""),
        database=values.pop("dbname", user),
        options=values,
    )


def with_database(url: str, name: str) -> str:
    """The same server and role, another database."""
    values = _values(url)
    values["dbname"] = name
    return _assemble("postgresql", values)


def sqlalchemy_url(url: str) -> str:
    """The URL for SQLAlchemy with psycopg2, which Dagster's storage needs: for a bare ``postgresql://``
    SQLAlchemy 2.1 takes psycopg 3, and Dagster's NOTIFY fails.
    """
    return _assemble("postgresql+psycopg2", _values(url))


def redact(url: str) -> str:
    """The URL without its secrets, for messages."""
    try:
        values = _values(url)
    except SettingsError:
        return "postgresql://…"
    hidden = {name: value for name, value in values.items() if name not in SECRETS}
    return _assemble("postgresql", hidden)


def _values(url: str) -> dict[str, str]:
    try:
        if not url.startswith(("postgresql://", "postgres://")):
            raise psycopg.ProgrammingError
        found = conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        # libpq's own words may quote the URL, password and all.
        raise SettingsError(
            "The PostgreSQL URL can't be understood.",
            "It looks like postgresql://user:password@host:5432/database; "
            "write special characters in the password as %XX.",
        ) from None
    return {name: str(value) for name, value in found.items()}


def _assemble(scheme: str, values: dict[str, str]) -> str:
    rest = dict(values)
    user, password = rest.pop("user", ""), rest.pop("password", "")
    host, port, database = rest.pop("host", ""), rest.pop("port", ""), rest.pop("dbname", "")
    login = quote(user, safe="") + (f":{quote(password, safe='')}" if password else "")
    place = ""
    if host.startswith(("/", "@")) or "," in host + port:
        rest = {"host": host, **({"port": port} if port else {}), **rest}
    else:
        place = (f"[{host}]" if ":" in host else quote(host, safe="")) + (f":{port}" if port else "")
    query = f"?{urlencode(rest, quote_via=quote, safe='/')}" if rest else ""
    return f"{scheme}://{login}{'@' if login else ''}{place}/{quote(database, safe='')}{query}"
