"""One observation of everything that GitHub lets us read: many scopes at once, each with its own outcome.

Each scope is read and archived by a thread; what they archived lands here, one batch after the other, while
they go on reading. What fails says nothing of the rest. When a limit is used up, what was read is archived
all the same.
"""

from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import dataclass, field
from io import BytesIO
from tempfile import TemporaryFile
from typing import Any

import orjson

from observes_assets.errors import PermanentError, SourceError
from observes_assets.extraction import Extractor, Reading
from observes_assets.landing.pending import Start
from observes_assets.sources.github.client import Client
from observes_assets.sources.github.pace import StoppedError
from observes_assets.sources.github.places import Owner, Place, scope_of
from observes_assets.sources.github.reading import cursor_of, known
from observes_assets.sources.github.streams import Stream
from observes_assets.sources.github.walk import Walk

_HELD = 4  # times as many scopes as may be asked for at once: a landing takes as long as a few requests

Wanted = tuple[Stream, Place]
"""A scope to read."""

Found = Callable[[Stream, list[dict[str, Any]]], Iterable[Wanted]]
"""Takes what was read of a stream, and says what there is to read then."""


@dataclass
class Outcome:
    """What became of a place: failures and doubts by stream, and whether a limit cut it short."""

    place: Place
    failures: dict[str, str] = field(default_factory=dict)
    doubts: dict[str, str] = field(default_factory=dict)
    is_stopped: bool = False

    @property
    def name(self) -> str:
        """ok, uncertain (rows may lack), stopped (by a limit; the next run goes on) or failed."""
        if self.failures:
            return "failed"
        return "stopped" if self.is_stopped else "uncertain" if self.doubts else "ok"

    @property
    def reasons(self) -> dict[str, str]:
        """Why the outcome is what it is, by stream; a limit speaks for itself."""
        return {"failed": self.failures, "uncertain": self.doubts}.get(self.name, {})

    def note(self, stream: Stream, walk: Walk) -> None:
        """Keep what the last sweep of a stream is in doubt about."""
        if walk.doubt:
            self.doubts[stream.name] = (
                f"{stream.name} may lack rows, so nothing is taken for gone: {walk.doubt}."
            )


@dataclass
class _Job:
    """A scope under way: held from before the first request until it has landed."""

    stream: Stream
    place: Place
    walk: Walk
    start: Start
    held: ExitStack
    stopped: StoppedError | None = None
    is_archived: bool = False


@dataclass
class Observation:
    """Reads, archives and lands scopes; ``step`` is told the name of each one that is done."""

    extractor: Extractor
    client: Client
    step: Callable[[int, str], None]
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    _waiting: dict[Future[None], _Job] = field(default_factory=dict)

    def run(self, wanted: Iterable[Wanted], *, found: Found) -> None:
        """Read scopes in this order, a few at once; failures become outcomes.

        Args:
            found: is asked after each of the first scopes what to read because of it, even before that lands.
        """
        queue, first = deque[Wanted](), list(wanted)
        queue.extend(one for one in first if one[0].is_read_of(one[1]))
        with ThreadPoolExecutor(self.client.pace.concurrency) as pool:
            try:
                while True:
                    self._begin_more(pool, queue)
                    if not self._waiting:
                        return
                    done = wait(self._waiting, return_when=FIRST_COMPLETED).done
                    for job in (self._waiting[future] for future in done if not future.exception()):
                        if (job.stream, job.place) in first:
                            further = found(job.stream, [orjson.loads(line) for line in job.walk.lines()])
                            queue.extend(one for one in further if one[0].is_read_of(one[1]))
                    for future in done:
                        # Before each landing, so that nobody runs out of work while we land.
                        self._begin_more(pool, queue)
                        self._settle(self._waiting.pop(future), future)
            except BaseException:
                self.client.pace.stop(StoppedError("The run has ended."))
                raise

    def _begin_more(self, pool: ThreadPoolExecutor, queue: deque[Wanted]) -> None:
        """Hold so many scopes that threads have work for a while; each waits on disk until it lands."""
        most = _HELD * self.client.pace.concurrency
        while queue and len(self._waiting) < most:
            if job := self._begin(*queue.popleft()):
                self._waiting[pool.submit(self._read, job)] = job

    def outcome_of(self, place: Place) -> Outcome:
        """The place's outcome so far."""
        return self.outcomes.setdefault(f"{place.field} {place.id}", Outcome(place))

    def _begin(self, stream: Stream, place: Place) -> _Job | None:
        """Hold the scope and prepare its walk; None if it is not due yet."""
        contract, scope = self.extractor.contract.streams[stream.name], scope_of(place)
        outcome, connection = self.outcome_of(place), self.extractor.connection
        if stream.only_sweeps:
            cursor = cursor_of(connection, contract, scope)
            foreseen = Walk(BytesIO(), cursor, self.client.server_at, contract.sweep_every)
            if not foreseen.is_sweep:
                outcome.note(stream, foreseen)
                return None
        held = ExitStack()
        start = held.enter_context(self.extractor.scope(stream.name, scope))
        file = TemporaryFile(prefix="observes-github-")  # noqa: SIM115 - closed with the job
        walk = Walk(file, start.cursor, self.client.server_at, contract.sweep_every)
        if stream.accounts and walk.is_sweep and start.previous:
            walk.known = known(connection, contract, scope)
        return _Job(stream, place, walk, start, held)

    def _settle(self, job: _Job, future: Future[None]) -> None:
        outcome = self.outcome_of(job.place)
        try:
            with job.walk.file, job.held:
                future.result()
                if job.walk.disappeared:
                    # First: once the scope's own batch is archived, nobody asks again what became of them.
                    self._archive_disappearances(job.walk)
                    self._archive(job)
                if job.is_archived:
                    self.extractor.land_waiting(job.stream.name)
                outcome.note(job.stream, job.walk)
                if job.stopped:
                    raise job.stopped
        except StoppedError:
            outcome.is_stopped = True
        except SourceError as error:
            outcome.failures[job.stream.name] = str(error)
        self.step(1, f"{job.stream.name} of {_name(job.place)}")

    def _read(self, job: _Job) -> None:
        try:
            job.stream.read(self.client, job.place, job.walk)
        except StoppedError as error:
            job.stopped = error
            job.walk.cut_short()
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            # Its own text may quote a record.
            raise PermanentError(
                f"GitHub's answer for {job.stream.name} of {_name(job.place)} has a shape that we don't know "
                f"({type(error).__name__}).",
                "See if the API's address is right; else report this, with the version of GitHub Enterprise.",
            ) from error
        if not job.walk.disappeared:
            self._archive(job)

    def _archive_disappearances(self, walk: Walk) -> None:
        times = walk.began_at, self.client.server_at
        with self.extractor.scope("disappearances", {}) as start:
            reading = Reading("differential", walk.disappeared)
            self.extractor.extract("disappearances", {}, start, reading, times=times)

    def _archive(self, job: _Job) -> None:
        walk = job.walk
        if not (walk.has_news or job.start.makes_up_for):
            return
        reading = Reading(walk.kind, walk.lines(), lambda: walk.cursor, lambda: walk.reported_count)
        # By the vendor's clock, as every other time in its records.
        times = walk.began_at, self.client.server_at
        self.extractor.put(job.stream.name, scope_of(job.place), job.start, reading, times=times)
        job.is_archived = True


def _name(place: Place) -> str:
    return place.login if isinstance(place, Owner) else place.name
