"""Bring the landing's own tables to this version's shape. Numbered files, applied once each, in order."""

from importlib import resources

from psycopg import Connection

from observes_assets.errors import SettingsError
from observes_assets.postgres.locks import lock_transaction


def _files() -> list[tuple[int, str]]:
    folder = resources.files("observes_assets.postgres").joinpath("migrations")
    found = [
        (int(file.name[:4]), file.read_text()) for file in folder.iterdir() if file.name.endswith(".sql")
    ]
    return sorted(found)


def newest() -> int:
    """Version of the tables that this program makes."""
    return _files()[-1][0]


def migrate(connection: Connection) -> int:
    """Apply what is missing, all of it in one transaction; returns the schema's version.

    Raises:
        SettingsError: the tables were made by a newer version of Observes.
    """
    files = _files()
    wanted = files[-1][0]
    with connection.transaction():
        found = version(connection)
        if found == wanted:
            return wanted
        lock_transaction(connection, "migrate")
        found = version(connection)
        if found > wanted:
            raise SettingsError(
                f"The database has version {found} of Observes' tables, this program knows {wanted}.",
                "Install the newer Observes, or point OBSERVES_POSTGRES_URL at another database.",
            )
        for number, text in files:
            if number > found:
                connection.execute(text)
                _set_version(connection, number)
    return wanted


def version(connection: Connection) -> int:
    """Version of the tables that the database has; 0 if it has none."""
    row = connection.execute(
        "select obj_description(oid, 'pg_namespace') from pg_namespace where nspname = 'landing'"
    ).fetchone()
    return int(row[0].rpartition(" ")[2]) if row and row[0] else 0


def _set_version(connection: Connection, number: int) -> None:
    connection.execute(f"comment on schema landing is 'Observes: the landing, version {number:d}'")
