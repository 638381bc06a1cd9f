"""Where the records are read: a file, or an address that answers with one.

The file holds one JSON document a line (NDJSON), or one JSON array of documents; which of the two, it says
itself. Knows no Dagster and no Postgres. An address is asked without credentials: add them here, read from
the environment, when it wants some.
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path
from typing import IO
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import msgspec
import stamina

from observes_assets.errors import PermanentError, TransientError

TIMEOUT = 60  # seconds without a byte
_ATTEMPTS = 4
_WORTH_ANOTHER_TRY = {408, 425, 429, 500, 502, 503, 504}


def read(location: str) -> Iterator[bytes]:
    """Every record as the vendor's own bytes, one line each.

    Args:
        location: a path, or an http(s) address.

    Raises:
        TransientError: the server can't be reached, or its answer broke off, several times in a row.
        PermanentError: there is nothing to read, or it is no JSON array; a broken line is for the landing
            to refuse. A message never quotes an address' query, which may hold a secret.
    """
    with _opened(location) as body:
        first = body.read(1)
        while first.isspace():
            first = body.read(1)
        body.seek(0)
        yield from _array(body.read(), location) if first == b"[" else _lines(body)


def _lines(body: IO[bytes]) -> Iterator[bytes]:
    for line in body:
        if record := line.strip():
            yield record


def _array(body: bytes, location: str) -> Iterator[bytes]:
    try:
        records = msgspec.json.decode(body, type=list[msgspec.Raw])
    except msgspec.DecodeError:
        raise PermanentError(f"{_place(location)} is no JSON array.", "Look at what it holds.") from None
    for record in records:
        # On one line, and every number as it was written.
        yield msgspec.json.format(bytes(record), indent=-1)


@contextmanager
def _opened(location: str) -> Iterator[IO[bytes]]:
    if not location.startswith(("http://", "https://")):
        try:
            with Path(location).expanduser().open("rb") as body:
                yield body
        except OSError as error:
            raise PermanentError(
                f"{location} can't be read: {error.strerror}.", "Mend the path, or its rights."
            ) from None
        return
    with tempfile.TemporaryFile() as body:
        _download(location, body)
        body.seek(0)
        yield body


@stamina.retry(on=TransientError, attempts=_ATTEMPTS)
def _download(address: str, body: IO[bytes]) -> None:
    body.seek(0)
    body.truncate()
    try:
        with urlopen(Request(address), timeout=TIMEOUT) as answer:  # noqa: S310 - http and https, see _opened
            shutil.copyfileobj(answer, body)
            length = answer.headers["Content-Length"]
    except HTTPError as error:
        said = f"{_place(address)} answered {error.code}."
        if error.code in _WORTH_ANOTHER_TRY:
            raise TransientError(said) from None
        raise PermanentError(said, "Mend the address, or ask its owner.") from None
    except (URLError, HTTPException, OSError) as error:
        raise TransientError(f"{_place(address)} can't be read: {type(error).__name__}.") from None
    # urllib takes a connection that closes early for the end of the body.
    if length is not None and body.tell() != int(length):
        raise TransientError(f"The answer of {_place(address)} broke off.")


def _place(location: str) -> str:
    return urlsplit(location).hostname or location if "://" in location else location
