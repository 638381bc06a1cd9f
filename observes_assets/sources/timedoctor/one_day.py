"""One day of a stream: who is asked for, what an answer means beside what was known, and its batch.

The batch is complete for company, users and day, so it replaces the day exactly: late uploads come in, and
what a manager took away becomes a tombstone. Two things don't: rows of users whom TimeDoctor lists no more
(it erases them a month after they were deleted) go on as they stand; and if a day is empty after the re-read
tail, or lacks all that was before some moment, TimeDoctor has forgotten it, and the warehouse has not.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import orjson

from observes_assets.archive import Scope
from observes_assets.errors import PermanentError, TransientError
from observes_assets.extraction import Extractor, Reading
from observes_assets.landing.pending import Start
from observes_assets.sources.timedoctor import reading
from observes_assets.sources.timedoctor.by_user import UserSets
from observes_assets.sources.timedoctor.client import Client
from observes_assets.sources.timedoctor.days import DAY, Plan, begin_of, end_of
from observes_assets.sources.timedoctor.records import Record, in_order
from observes_assets.sources.timedoctor.streams import DayStream, Question

OK, FAILED, FORGOTTEN = "ok", "failed", "forgotten"


@dataclass
class Reader:
    """Reads days of one company.

    Args:
        users: ids of everybody whom TimeDoctor lists.
    """

    extractor: Extractor
    client: Client
    company: str
    plan: Plan
    users: Sequence[str] = ()
    sets: UserSets = field(default_factory=UserSets)

    def read(self, stream: DayStream, day: date) -> tuple[str, int]:
        """Read a day, archive it if there is news, land it; says how that ended, and how many records it has.

        Raises:
            SourceError: it can't be read. Its last batch stands.
        """
        scope = {"company_id": self.company, "day": day.isoformat()}
        with self.extractor.scope(stream.name, scope) as start:
            contract = self.extractor.contract.streams[stream.name]
            before = reading.known(self.extractor.connection, contract, scope)
            began_at = self.client.server_at
            rows = self._rows(stream, day, scope, before)
            listed = frozenset(self.users)
            kept = [one for one in before if one["user_id"] not in listed]
            told = in_order(rows, contract.key)
            if not self.plan.is_in_tail(day):
                known = [one for one in before if one["user_id"] in listed]
                if _is_forgotten(known, told, contract.key, stream.at):
                    return FORGOTTEN, len(before)
            found = sorted([*told, *kept], key=lambda one: [str(one.get(name)) for name in contract.key])
            times = began_at, self.client.server_at
            archive(self.extractor, stream.name, scope, start, found, times=times, over=end_of(day))
            if not self._has_landed(stream.name, day, scope):
                raise PermanentError(
                    f"TimeDoctor's {stream.name} of {day} were read, and are refused.",
                    "`observes batch list --state refused` says why; accept or reject the batch.",
                )
            return OK, len(found)

    def _rows(self, stream: DayStream, day: date, scope: Scope, before: list[Record]) -> list[Record]:
        question = Question(self.company, day, self._asked_for(stream, day, scope, before))
        try:
            return list(stream.read(self.client, self.sets, question))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            # Its own text may quote a record.
            raise PermanentError(
                f"TimeDoctor's {stream.name} of {day} have an unknown shape ({type(error).__name__}).",
                "Report this; nothing of the day is taken for gone.",
            ) from None

    def _asked_for(self, stream: DayStream, day: date, scope: Scope, before: list[Record]) -> list[str]:
        if not stream.is_dear:
            return list(self.users)
        self._require_worklogs(stream, day, scope)
        busy = {one["user_id"] for one in [*before, *self._worklogs(day)]}
        # Who worked past midnight did so on this day, too, though all of it may be with the day before.
        busy |= {one["user_id"] for one in self._worklogs(day - DAY) if _end_of(one) > begin_of(day)}
        return [user for user in self.users if user in busy]

    def _worklogs(self, day: date) -> list[Record]:
        scope = {"company_id": self.company, "day": day.isoformat()}
        worklogs = self.extractor.contract.streams["worklogs"]
        return reading.known(self.extractor.connection, worklogs, scope)

    def _has_landed(self, stream: str, day: date, scope: Scope) -> bool:
        """Whether a day has landed, as read after it was over unless it lasts."""
        read_until = reading.read_until(self.extractor.connection, stream, scope)
        return read_until is not None and (day >= self.plan.today or read_until >= end_of(day))

    def _require_worklogs(self, stream: DayStream, day: date, scope: Scope) -> None:
        """Without them it would look as if nobody had worked, and so as if there were nothing to ask for."""
        if not self._has_landed("worklogs", day, scope):
            raise TransientError(
                f"TimeDoctor's {stream.name} of {day} are asked of those who worked, and who did is not "
                "known: the day's worklogs have not landed.",
                "They are read as soon as those are.",
            )


def _end_of(worklog: Record) -> datetime:
    return datetime.fromisoformat(worklog["started_at"]) + timedelta(seconds=worklog["time"])


def _is_forgotten(known: list[Record], told: list[Record], key: tuple[str, ...], at: str) -> bool:
    """Whether what is missing was all before all that is there: so TimeDoctor forgets, and nobody edits.

    Args:
        at: the field that says when a record was.
    """

    def identity(one: Record) -> tuple[str, ...]:
        return tuple(str(one.get(name)) for name in key if name != "occurrence")

    there = {identity(one) for one in told}
    missing = [str(one.get(at) or "") for one in known if identity(one) not in there]
    return bool(missing) and (not told or max(missing) < min(str(one.get(at) or "") for one in told))


def archive(
    extractor: Extractor,
    stream: str,
    scope: Scope,
    start: Start,
    records: list[Record],
    *,
    times: tuple[datetime, datetime],
    over: datetime | None = None,
    origin: str | None = None,
) -> None:
    """Archive and land what was read of a scope that is held, unless it is what was read last time.

    Args:
        times: when the reading began and ended (UTC).
        over: when the scope's day is over (UTC): a reading before that stands for none after it.
        origin: the file that it comes from; None: TimeDoctor itself.
    """
    lines = [orjson.dumps(one, option=orjson.OPT_SORT_KEYS) for one in records]
    digest = hashlib.sha256(b"\n".join(lines)).hexdigest()
    last = start.cursor or {}
    is_settled = over is None or ("read_until" in last and datetime.fromisoformat(last["read_until"]) >= over)
    if last.get("digest") == digest and is_settled and not start.makes_up_for:
        return
    cursor = {"digest": digest, "read_until": times[1].isoformat(), **({"origin": origin} if origin else {})}
    extractor.extract(stream, scope, start, Reading("complete", lines, lambda: cursor), times=times)
