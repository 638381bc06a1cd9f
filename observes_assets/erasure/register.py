"""The erasures of a bucket: who was erased, by whose word, and how far it has been carried out.

``erasures/<number>.json`` is put before anything is rewritten and is the only truth; it holds keyed hashes,
never an identifier. ``erasures/<number>.done.json`` follows when every place has been rewritten, and says up
to which batch the archive was. Postgres has copies (``landing.erasures``), which tell a process that its list
has grown.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

import msgspec
from psycopg import Connection
from psycopg.types.json import Jsonb

from observes_assets.bucket import Bucket
from observes_assets.erasure.people import Erased
from observes_assets.errors import IntegrityError
from observes_assets.postgres.locks import ERASURE, lock_id

_FOLDER = "erasures/"
_DONE = ".done.json"
_Document = TypeVar("_Document")


class Erasure(msgspec.Struct, frozen=True, kw_only=True):
    """One erasure. Times are UTC; ``emails`` and ``others`` are pseudonyms of identifiers."""

    number: int
    emails: list[str]
    others: list[str]
    who: str
    why: str
    recorded_at: datetime
    key_fingerprint: str
    exempt: list[str]


class Completion(msgspec.Struct, frozen=True, kw_only=True):
    """What carrying out an erasure came to.

    Args:
        covered: by ``source/stream``, the last batch that was looked through.
        counts: what was rewritten.
        releases: by number, what was done about it, with the sha256 of rewritten marts.
        notes: what a person must know of places that were found to keep something.
    """

    number: int
    completed_at: datetime
    covered: dict[str, int]
    counts: dict[str, int]
    releases: dict[str, Any]
    notes: list[str]


class Register:
    """The erasures of one bucket, read again when there are more of them than were read.

    Args:
        key: gives the pseudonym key; asked only if somebody was erased.
    """

    def __init__(self, bucket: Bucket, key: Callable[[], bytes]) -> None:
        self.erased = Erased()
        self._bucket = bucket
        self._key = key
        self._covered: list[Completion] = []

    def refresh(self, connection: Connection) -> Erased:
        """Who is erased now, by the number that Postgres knows; costs one small query."""
        row = connection.execute("select coalesce(max(erasure_number), 0) from landing.erasures").fetchone()
        if row and row[0] > self.erased.number:
            self.read()
        return self.erased

    def read(self) -> tuple[list[Erasure], list[Completion]]:
        """Read all erasures from the bucket, and how far each was carried out."""
        erasures, completions = [], []
        for name in self._bucket.names(_FOLDER):
            data = self._bucket.get(name)
            if name.endswith(_DONE):
                completions.append(_decode(name, data, Completion))
            else:
                erasures.append(_decode(name, data, Erasure))
        self._covered = completions
        if erasures:
            self.erased = Erased(
                number=erasures[-1].number,
                emails=frozenset(one for erasure in erasures for one in erasure.emails),
                others=frozenset(one for erasure in erasures for one in erasure.others),
                key=self._key(),
            )
        return erasures, completions

    def is_covered(self, source: str, stream: str, batch: int, erasure: int) -> bool:
        """Whether a batch was looked through for everybody who is erased.

        Args:
            erasure: number of the newest erasure that was applied when its data was written.
        """
        done = [one.number for one in self._covered if one.covered.get(f"{source}/{stream}", 0) >= batch]
        return max([erasure, *done]) >= self.erased.number

    def record(self, connection: Connection, erasure: Erasure) -> None:
        """Write an erasure down: from now on nothing about these people comes in."""
        if not self._bucket.put_new(f"{_FOLDER}{erasure.number:010}.json", msgspec.json.encode(erasure)):
            raise IntegrityError(
                f"Erasure {erasure.number} is in the bucket already.", "Run the command again."
            )
        self.read()
        self.copy(connection)

    def complete(self, connection: Connection, completion: Completion) -> None:
        """Write down that everything was rewritten."""
        self._bucket.put_new(f"{_FOLDER}{completion.number:010}{_DONE}", msgspec.json.encode(completion))
        self.read()
        self.copy(connection)

    def copy(self, connection: Connection) -> None:
        """Let Postgres know what the bucket knows."""
        erasures, completions = self.read()
        finished = {one.number for one in completions}
        for one in erasures:
            connection.execute(
                "insert into landing.erasures (erasure_number, is_finished, record) values (%s, %s, %s) "
                "on conflict (erasure_number) do update set is_finished = excluded.is_finished",
                [one.number, one.number in finished, Jsonb(msgspec.to_builtins(one))],
            )


class Unfinished(NamedTuple):
    """The newest erasure, not carried out to its end: somebody still is at it, or nobody any more."""

    number: int
    recorded_at: datetime
    is_under_way: bool


def unfinished(connection: Connection) -> Unfinished | None:
    """The erasure that has to be finished, as far as Postgres knows; one that is done covers those before."""
    row = connection.execute(
        """
        select erasure_number, (record ->> 'recorded_at')::timestamptz, exists (
            select from pg_locks
            where locktype = 'advisory' and granted and mode = 'ExclusiveLock' and objsubid = 1
                and (classid::bigint << 32 | objid::bigint) = %s
                and database = (select oid from pg_database where datname = current_database())
        )
        from landing.erasures
        where erasure_number > (
            select coalesce(max(erasure_number), 0) from landing.erasures where is_finished
        )
        order by erasure_number desc limit 1
        """,
        [lock_id(ERASURE)],
    ).fetchone()
    return Unfinished(*row) if row else None


def _decode(name: str, data: bytes, kind: type[_Document]) -> _Document:
    try:
        return msgspec.json.decode(data, type=kind)
    except msgspec.DecodeError:
        raise IntegrityError(f"{name} in the bucket is unreadable.", "Restore it from a good copy.") from None
