"""Asking the embedded server whether it answers, and whether it is the one we mean."""

import psycopg

from observes_assets.errors import IntegrityError, ObservesError, SettingsError
from observes_assets.postgres import process
from observes_assets.postgres.cluster import system_identifier
from observes_assets.postgres.place import Place

_NOT_YET = (
    "the database system is",  # starting up, in recovery, shutting down
    "Connection refused",
    "No such file",
    "timeout expired",
    "server closed the connection",
)
_FULL = ("too many clients", "remaining connection slots")


def answers(place: Place, url: str) -> bool:
    """Whether a connection is answered by the cluster of this place, now.

    Raises:
        SettingsError: the password isn't that of the server.
        IntegrityError: another server answers, or the data folder is damaged.
        ObservesError: the server answers, but with a failure that waiting doesn't mend.
    """
    # Asking a server that is not ready makes it write a line into its log, so its own word comes first.
    lines = process.pid_file(place)
    if len(lines) < 8 or lines[7].strip() != "ready":
        return False
    try:
        with psycopg.connect(url, connect_timeout=10) as connection:
            row = connection.execute("select system_identifier from pg_control_system()").fetchone()
    except psycopg.OperationalError as error:
        return _judge(place, str(error))
    if row is None or int(row[0]) != system_identifier(place):
        raise IntegrityError(
            f"Another server than that of {place.home} answers on its socket.",
            "Stop that server, then run again.",
        )
    return True


def _judge(place: Place, text: str) -> bool:
    if any(word in text for word in _FULL):
        return True
    if any(word in text for word in _NOT_YET):
        return False
    if "password authentication failed" in text:
        raise SettingsError(
            f"The embedded PostgreSQL refuses the password in {place.password_file}.",
            "Put the right file back.",
        )
    raise ObservesError(
        f"The embedded PostgreSQL of {place.home} takes no connections: {text.strip().splitlines()[-1]}",
        f"See its log, {place.log}.",
    )
