"""One observation of TimeDoctor: its lists, then every day that is due, each with its own outcome.

A day that fails leaves no batch, says nothing of the others, and is due again at once. What was looked at,
and when, is stream ``observations``: by that the next run knows what is due.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime

from observes_assets import progress
from observes_assets.errors import PermanentError, SourceError
from observes_assets.extraction import Extractor, Reading
from observes_assets.sources.timedoctor import reading, streams
from observes_assets.sources.timedoctor.access import company_of
from observes_assets.sources.timedoctor.client import Client
from observes_assets.sources.timedoctor.days import DAY, Plan
from observes_assets.sources.timedoctor.failures import NoAccessError
from observes_assets.sources.timedoctor.one_day import FAILED, OK, Reader, archive
from observes_assets.sources.timedoctor.records import Record
from observes_assets.sources.timedoctor.streams import DayStream

_LISTS_EVERY = DAY / 24
_WRITTEN_EVERY = 50  # looks: so many are made again, at most, by the run after one that was killed


@dataclass
class Observation:
    """What became of a run: a record of ``timedoctor/observations`` for each look.

    ``refusal`` stops all that is still to be asked: we are not let in, or don't know whom to ask for.
    ``written`` counts the records that have landed.
    """

    reader: Reader
    read_at: dict[str, dict[date, datetime]]
    records: list[Record] = field(default_factory=list)
    refusal: SourceError | None = None
    written: int = 0

    def named(self, outcome: str) -> dict[str, str]:
        """Reasons of the looks with an outcome, by stream and day."""
        return {
            f"{one['stream']} {one['day']}".strip(): one["reason"] or ""
            for one in self.records
            if one["outcome"] == outcome
        }

    def read_lists(self) -> None:
        """Read the lists of the whole company, if they are older than an hour."""
        reader = self.reader
        scope = {"company_id": reader.company}
        for stream, read in streams.LISTS.items():
            began_at = reader.client.server_at
            last = self.read_at[stream].get(date.min)
            if last and began_at - last < _LISTS_EVERY:
                continue
            try:
                with reader.extractor.scope(stream, scope) as start:
                    found = list(read(reader.client, reader.company))
                    times = began_at, reader.client.server_at
                    archive(reader.extractor, stream, scope, start, found, times=times)
                self._note(stream, None, OK, record_count=len(found))
            except SourceError as error:
                if stream == "users" or isinstance(error, NoAccessError):
                    self.refusal = error
                self._note(stream, None, FAILED, reason=str(error))
        listed = reader.extractor.contract.streams["users"]
        found = reading.known(reader.extractor.connection, listed, scope)
        reader.users = sorted(str(one["id"]) for one in found)

    def read_day(self, stream: DayStream, day: date) -> None:
        """Read one day of one stream, whatever comes of it."""
        before = self.reader.client.request_count
        outcome, reason, count = FAILED, None, 0
        try:
            self._require_sense(stream, day)
            outcome, count = self.reader.read(stream, day)
        except SourceError as error:
            if isinstance(error, NoAccessError):
                self.refusal = error
            reason = str(error)
        requests = self.reader.client.request_count - before
        self._note(stream.name, day, outcome, reason=reason, record_count=count, request_count=requests)

    def write_down(self, *, at_least: int = 1) -> None:
        """Archive and land the looks that are new, if they are so many."""
        records, extractor = self.records[self.written :], self.reader.extractor
        if len(records) < at_least:
            return
        now = self.reader.client.server_at
        with extractor.scope("observations", {}) as start:
            extractor.extract("observations", {}, start, Reading("differential", records), times=(now, now))
        self.written = len(self.records)

    def _require_sense(self, stream: DayStream, day: date) -> None:
        """Ask nothing of who refuses us, nor about nobody: that would be about the login alone."""
        error = self.refusal
        if error is None and not self.reader.users:
            error = PermanentError("TimeDoctor lists no users.", "Check the login's rights in the company.")
        if error:
            scope = {"company_id": self.reader.company, "day": day.isoformat()}
            self.reader.extractor.note(stream.name, scope, datetime.now(UTC), error)
            raise error

    def _note(
        self,
        stream: str,
        day: date | None,
        outcome: str,
        *,
        reason: str | None = None,
        record_count: int = 0,
        request_count: int = 0,
    ) -> None:
        now = self.reader.client.server_at
        last = self.read_at[stream].get(day or date.min)
        read_at = last if outcome == FAILED else now
        self.records.append(
            {
                "company_id": self.reader.company,
                "stream": stream,
                "day": day.isoformat() if day else "",
                "outcome": outcome,
                "reason": reason,
                "looked_at": now.isoformat(),
                "read_at": read_at.isoformat() if read_at else None,
                "user_count": len(self.reader.users),
                "record_count": record_count,
                "request_count": request_count,
            }
        )


def observe_all(extractor: Extractor, client: Client, days: Sequence[date] | None = None) -> Observation:
    """Read, archive and land everything that is due, and what became of it.

    Args:
        days: read these, due or not, and no others.

    Raises:
        SourceError: TimeDoctor gives us nothing at all: it can't be reached, or refuses the login.
    """
    began_at = datetime.now(UTC)
    for stream in extractor.contract.streams:
        extractor.land_waiting(stream)
    client.log_in()
    reader = Reader(extractor, client, "", plan_of(client))
    reader.company = _company(reader)
    present = reading.landed(extractor.connection, "worklogs", reader.company)
    reader.plan = plan_of(client, oldest=min(present, default=None))
    read_at = reading.looks(extractor.connection, extractor.contract, reader.company)
    observation = Observation(reader, read_at)
    observation.read_lists()
    wanted = _wanted(observation, days)
    with progress.task("timedoctor", len(wanted)) as step:
        for one, day in wanted:
            observation.read_day(one, day)
            observation.write_down(at_least=_WRITTEN_EVERY)
            step(1, f"{one.name} of {day}")
    if not observation.named(FAILED):
        # Where nothing was due, all is as fresh as it has to be.
        for stream in extractor.contract.streams.keys() - {one.stream for one in extractor.attempts}:
            extractor.note(stream, {}, began_at)
    observation.write_down()
    return observation


def plan_of(client: Client, *, oldest: date | None = None) -> Plan:
    """Which days are wanted, by the settings and the vendor's clock.

    Args:
        oldest: the first day that has landed. Unless the settings name a first one, days are wanted from it
            on: after a long pause the tail alone would leave a gap.
    """
    access, today = client.access, client.server_at.date()
    tail = today - access.reread_days * DAY
    first = access.first_day or min(tail, oldest or tail)
    return Plan(first, today, access.reread_days, access.memory_days)


def _wanted(observation: Observation, days: Sequence[date] | None) -> list[tuple[DayStream, date]]:
    reader, found = observation.reader, []
    for stream in streams.DAYS:
        memory_days = min(reader.plan.memory_days, stream.most_memory_days or reader.plan.memory_days)
        plan = replace(reader.plan, memory_days=memory_days)
        if days is None:
            read_at = observation.read_at[stream.name]
            due = plan.due(read_at, reader.client.server_at, is_dear=stream.is_dear)
        else:
            due = [day for day in sorted(days) if plan.is_remembered(day)]
        found += [(stream, day) for day in due]
    return found


def _company(reader: Reader) -> str:
    """Read the login's companies; the id of the one that is read."""
    began_at = reader.client.server_at
    with reader.extractor.scope("companies", {}) as start:
        found = list(streams.companies(reader.client))
        times = began_at, reader.client.server_at
        archive(reader.extractor, "companies", {}, start, found, times=times)
    return company_of(reader.client.access, found)
