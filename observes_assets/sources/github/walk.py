"""One reading of one scope on its way: what it found, and where the next one begins.

The cursor (in the manifest) holds ``newest_at`` (the newest change read, by the vendor's clock), ``swept_at``
(when everything was last read), ``doubt`` (why that was uncertain), and of a listing of one page ``asked``,
``etag`` and ``digest``, by which the next reading sees that nothing has changed. ``walking_from`` stands for
``swept_at`` while the first reading of everything, cut short by a limit, goes on.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import IO, Any, Literal

import orjson

from observes_assets.archive import Cursor

OVERLAP = timedelta(minutes=5)
"""Read again before the newest change: several rows share a second, and replicas lag."""


@dataclass
class Walk:
    """A reading under way; a stream's function fills it.

    Args:
        file: takes the records, one a line.
        start: the cursor that the last reading left; None if there was none.
        began_at: now, by the vendor's clock (UTC).
        sweep_every: after so long everything is read anew; None: it never is.
        known: what the warehouse holds of the scope, by id: what a sweep has to account for.

    ``doubt`` says why the last sweep, this one or one before, took nothing for gone; None if it was certain.
    """

    file: IO[bytes]
    start: Cursor | None
    began_at: datetime
    sweep_every: timedelta | None
    known: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    has_news: bool = True
    reported_count: int | None = None
    ids: set[str] = field(default_factory=set)
    disappeared: list[dict[str, Any]] = field(default_factory=list)
    kind: Literal["complete", "differential"] = field(init=False)
    doubt: str | None = field(init=False)
    _newest_at: datetime | None = field(init=False)
    _page: dict[str, Any] = field(default_factory=dict)
    _is_resumable: bool = False
    _is_cut_short: bool = False

    def __post_init__(self) -> None:
        self.kind = "complete" if self.is_sweep else "differential"
        self.doubt = None if self.is_sweep else self._started("doubt")
        self._newest_at = instant(self._started("newest_at"))

    @property
    def is_sweep(self) -> bool:
        """Whether everything is read, not only what has changed."""
        if self._started("walking_from"):
            return False
        swept_at = instant(self._started("swept_at"))
        if swept_at is None:
            return True
        return self.sweep_every is not None and self.began_at - swept_at >= self.sweep_every

    @property
    def changed_since(self) -> datetime | None:
        """From when on changes are read (UTC); None: from the beginning."""
        newest_at = instant(self._started("newest_at"))
        return None if self.is_sweep or newest_at is None else newest_at - OVERLAP

    def add(self, record: dict[str, Any], *, identity: Any = None) -> None:
        """Keep a record; of the same ids the last one counts.

        Args:
            identity: what the vendor's count counts, if that isn't the record's ``id``.
        """
        self.ids.add(str(record["id"] if identity is None else identity))
        self.file.write(orjson.dumps(record, option=orjson.OPT_SORT_KEYS) + b"\n")

    def start_again(self) -> None:
        """Forget what was read: it moved while it was read."""
        self.file.seek(0)
        self.file.truncate()
        self.ids.clear()
        self.go_back()

    def go_back(self) -> None:
        """Forget which changes were passed by: a limit that cuts the next pass short must leave no hole."""
        self._newest_at = instant(self._started("newest_at"))

    def lines(self) -> Iterator[bytes]:
        """The records, once the reading is over."""
        self.file.seek(0)
        return (line.rstrip(b"\n") for line in self.file)

    def pass_by(self, *texts: str | None) -> None:
        """Note changes that were read, so that the newest change follows."""
        for text in texts:
            if at := instant(text):
                self._newest_at = max(self._newest_at or at, at)

    def doubt_after(self, at: datetime) -> None:
        """Say that changes after a moment (UTC) may have been missed, whatever was passed by."""
        if self._newest_at is not None and self._newest_at > at:
            self._newest_at = max(at, instant(self._started("newest_at")) or at)

    def allow_resuming(self) -> None:
        """Say that rows come oldest change first: what was read so far may stand, whenever it ends."""
        self._is_resumable = True

    def only_page(self, rows: list[Any], *, asked: str | None, etag: str | None) -> None:
        """Say that all rows came in one page; if they are those of last time, there is no news."""
        digest = hashlib.sha256(orjson.dumps(rows, option=orjson.OPT_SORT_KEYS)).hexdigest()
        self._page = {"asked": asked, "etag": etag, "digest": digest}
        before = self.start or {}
        is_same = (asked, digest) == (before.get("asked", ""), before.get("digest"))
        # A first etag is worth a batch, since the next readings then cost nothing.
        if is_same and not self._is_due and (before.get("etag") or not etag):
            self.has_news = False

    def etag_for(self, asked: str | None) -> str | None:
        """The etag of what this very request gave last time, unless it must be read anyway."""
        before = self.start or {}
        if self._is_due or before.get("asked", "") != asked:
            return None
        etag = before.get("etag")
        return str(etag) if etag else None

    @property
    def _is_due(self) -> bool:
        return self.is_sweep and bool(self.sweep_every)

    def uncertain(self, why: str) -> None:
        """Say that the reading may lack rows: what it lacks is not gone, until a sweep is certain."""
        self.kind, self.reported_count, self.doubt = "differential", None, why

    def cut_short(self) -> None:
        """End the reading where it is; what was read stays, and nothing is taken for gone."""
        self.kind, self.reported_count, self.doubt = "differential", None, self._started("doubt")
        self._is_cut_short = True
        self.has_news = bool(self.ids)

    @property
    def cursor(self) -> Cursor | None:
        """Where the next reading begins."""
        if self._is_cut_short and not self._is_resumable:
            return self.start
        swept_at: dict[str, Any] = {}
        if self._is_cut_short and self._started("swept_at") is None:
            swept_at = {"walking_from": self._started("walking_from") or stamp(self.began_at)}
        elif self._is_cut_short or not (self.is_sweep or self._started("walking_from")):
            swept_at = {"swept_at": self._started("swept_at")}
        else:
            swept_at = {"swept_at": self._started("walking_from") or stamp(self.began_at)}
        newest_at = {"newest_at": stamp(self._newest_at)} if self._newest_at else {}
        doubt = {"doubt": self.doubt} if self.doubt else {}
        return {**newest_at, **swept_at, **doubt, **({} if self._is_cut_short else self._page)}

    def _started(self, name: str) -> Any:
        return (self.start or {}).get(name)


def instant(text: str | None) -> datetime | None:
    """An ISO 8601 text with any offset, in UTC.

    Raises:
        ValueError: it is none, or has no offset.
    """
    if not text:
        return None
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("a time without its offset")
    return at.astimezone(UTC)


def stamp(at: datetime) -> str:
    """An instant as GitHub takes it: UTC, whole seconds."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
