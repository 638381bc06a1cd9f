"""The key of the pseudonyms: a person gets the same pseudonym everywhere, and nobody can go back.

The database computes HMAC-SHA256 itself (``landing.pseudonym``) from two padded keys in a table that only
the builder's function may read, so that no key is ever part of SQL text.
"""

import hashlib
import os
import secrets
from pathlib import Path

from psycopg import Connection

from observes_assets.errors import SettingsError
from observes_assets.settings import Settings

_BLOCK = 64  # bytes of a SHA-256 block
_SHORTEST = 32


def install_key(connection: Connection, key: bytes) -> None:
    """Put the key into the database, once.

    Raises:
        SettingsError: the database was built with another key.
    """
    row = connection.execute("select fingerprint from landing.pseudonym_key").fetchone()
    if row and row[0] == fingerprint(key):
        return
    if row:
        raise SettingsError(
            "The pseudonym key is not the one that this database was built with.",
            "Restore OBSERVES_PSEUDONYM_KEY or pseudonym.key in the home: with another key, people would "
            "no longer join with themselves.",
        )
    padded = (hashlib.sha256(key).digest() if len(key) > _BLOCK else key).ljust(_BLOCK, b"\0")
    connection.execute(
        "insert into landing.pseudonym_key (fingerprint, inner_pad, outer_pad) values (%s, %s, %s)",
        [fingerprint(key), bytes(one ^ 0x36 for one in padded), bytes(one ^ 0x5C for one in padded)],
    )


def fingerprint(key: bytes) -> str:
    """What may be told of a key: it names it, and gives nothing of it away."""
    return hashlib.sha256(b"observes pseudonym key\0" + key).hexdigest()[:16]


def read_key(settings: Settings) -> bytes:
    """The key of the settings, or of the home's file, which is made if it is missing.

    Raises:
        SettingsError: the key is too short.
    """
    if settings.pseudonym_key is not None:
        key = settings.pseudonym_key.get_secret_value().encode()
        if len(key) < _SHORTEST:
            raise SettingsError(f"OBSERVES_PSEUDONYM_KEY is shorter than {_SHORTEST} characters.")
        return key
    path = settings.home / "pseudonym.key"
    if not path.exists():
        _make(path)
    return path.read_bytes().strip()


def _make(path: Path) -> None:
    # Written aside and linked: whoever comes second finds a whole key, never half of one.
    aside = path.with_name(f".{path.name}-{secrets.token_hex(8)}")
    descriptor = os.open(aside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_hex(32))
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(aside, path)
    except FileExistsError:
        pass
    finally:
        aside.unlink()
