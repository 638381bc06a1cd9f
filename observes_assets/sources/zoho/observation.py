"""One observation of Zoho: exports that are completed, users, and what was deleted.

Nothing is fetched by the clock: an export is taken when Zoho says COMPLETED, be it in this run or a later
one. What fails of one module says nothing of the others.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from observes_assets import progress
from observes_assets.errors import PermanentError, SourceError
from observes_assets.extraction import Extractor
from observes_assets.sources.zoho.client import Client
from observes_assets.sources.zoho.deletions import read_deletions
from observes_assets.sources.zoho.exports import TRIES, Export, progress_of
from observes_assets.sources.zoho.failures import (
    GoneError,
    NoAccessError,
    StoppedError,
    TooFarError,
    UnreachableError,
)
from observes_assets.sources.zoho.preparation import READ_AGAIN_AFTER, Purse
from observes_assets.sources.zoho.reading import ExpiredError, read_users, take
from observes_assets.sources.zoho.recording import Exports
from observes_assets.sources.zoho.streams import DELETIONS, USERS, stream_of

_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 60.0  # seconds between two looks, doubled each time


@dataclass
class Observed:
    """What became of a run: modules that were taken, failed, or that Zoho still works on."""

    taken: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    waiting: list[str] = field(default_factory=list)
    stopped: str | None = None


@dataclass
class Observation:
    """Follows the readings under way to their end."""

    extractor: Extractor
    client: Client
    exports: Exports
    done: Observed = field(default_factory=Observed)
    held: set[str] = field(default_factory=set)
    """Modules that a limit keeps from going on in this run."""

    def run(self, *, wait_seconds: float) -> Observed:
        """Take every reading that is ready, and wait for the others as long as is allowed.

        Raises:
            SourceError: Zoho lets us do nothing at all.
        """
        ends_at = self.client.clock() + wait_seconds
        pause = _FIRST_PAUSE
        with progress.task("zoho") as step:
            while readings := self._under_way():
                for found in readings:
                    step(0, found[0].page.module)
                    self._follow(found)
                left = ends_at - self.client.clock()
                if left <= 0 or not self._under_way():
                    break
                self.client.sleep(min(pause, left))
                pause = min(pause * 2, _LONGEST_PAUSE)
        self.done.waiting = sorted({*(found[0].page.module for found in self._under_way()), *self.held})
        self.exports.write_down()
        return self.done

    def _under_way(self) -> list[list[Export]]:
        """Readings that have not ended, but for those that failed or were held: a later run goes on."""
        readings = self.exports.open_readings().values()
        return [one for one in readings if one[0].page.module not in {*self.done.failed, *self.held}]

    def _follow(self, found: Sequence[Export]) -> None:
        """Look at a reading's exports, ask for what it needs next, and take it if it is ready."""
        module, began_at = found[0].page.module, self.client.server_at
        try:
            found = [self._look_at(one) if one.is_under_way else one for one in found]
            self._go_on(found)
        except StoppedError as error:
            self.done.stopped = str(error)
            self.held.add(module)
        except (NoAccessError, UnreachableError):
            raise
        except SourceError as error:
            self.done.failed[module] = str(error)
            if not self._is_noted(module):
                self.extractor.note(stream_of(module), {}, began_at, error)

    def _is_noted(self, module: str) -> bool:
        return any(one.stream == stream_of(module) and one.failure for one in self.extractor.attempts)

    def _look_at(self, export: Export) -> Export:
        try:
            answer = self.client.export(export.page.what, export.export_id)
        except GoneError:
            seen = replace(export, ended_as="expired")
        else:
            seen = export.seen(answer, self.client.server_at)
        if seen != export:
            self.exports.update(seen)
        return seen

    def _go_on(self, found: Sequence[Export]) -> None:
        state = progress_of(found)
        if state.lost:
            self.exports.end(found, "dropped")
            raise PermanentError(
                f"{state.lost.page.what} came to nothing {TRIES} times; Zoho says {_word(state.lost)}.",
                "A new reading begins with the next run that is due. If it fails too, ask Zoho's support, "
                f"naming job {state.lost.export_id}.",
            )
        purse, results = Purse(self.client, self.exports, self.extractor.contract), state.results
        try:
            for page in state.wanted:
                purse.ask_for(page)
        except TooFarError:
            # What there is will do: since pages were followed, the next reading is cut by what it brings.
            results = tuple(one for one in found if one.ended_as is None and not one.is_under_way)
        if results:
            self._take(results, found)

    def _take(self, results: Sequence[Export], found: Sequence[Export]) -> None:
        # The bucket knows of every export before its results are fetched.
        self.exports.require_recorded(results)
        try:
            take(self.extractor, self.client, results)
        except ExpiredError as error:
            # The next look asks for it anew.
            self.exports.update(replace(error.export, ended_as="expired"))
            return
        except PermanentError:
            # Fetched again, they would say the same: whoever mends it is shown by a new reading.
            self.exports.end(found, "dropped")
            raise
        self.exports.end(found, "landed")
        self.done.taken.append(found[0].page.module)


def _word(export: Export) -> str:
    words = {"stuck": f"{export.state[:20]}, for hours", "expired": "that it does not know it"}
    return words.get(export.ended_as or "", export.state[:20])


def observe_all(
    extractor: Extractor, client: Client, exports: Exports, now: datetime, *, waits: bool
) -> Observed:
    """Take what is ready, wait for the rest if that is wanted, and read users and deletions.

    Args:
        now: by the vendor's clock (UTC).

    Raises:
        SourceError: Zoho lets us do nothing at all.
    """
    exports.restore()
    began_at = datetime.now(UTC)
    for stream in extractor.contract.streams.keys() - _wanted(client):
        # Nobody asked for it, and that is as it should be.
        extractor.note(stream, {}, began_at)
    observation = Observation(extractor, client, exports)
    done = observation.run(wait_seconds=client.access.wait_seconds if waits else 0)
    _read_lists(extractor, client, done, now)
    return done


def _wanted(client: Client) -> set[str]:
    return {USERS, DELETIONS, *(stream_of(module) for module in client.access.modules)}


def _read_lists(extractor: Extractor, client: Client, done: Observed, now: datetime) -> None:
    """Read users and deletions, if they were not read within the hour. After the exports: what was deleted
    while they were made is in the list.
    """
    rows = extractor.connection.execute(
        "select stream, max(extracted_until) from landing.loads where source = %s group by stream",
        [extractor.contract.source],
    )
    read_at: dict[str, datetime] = dict(rows.fetchall())
    for stream in (USERS, DELETIONS):
        if stream in read_at and now - read_at[stream] < READ_AGAIN_AFTER:
            continue
        try:
            if stream == USERS:
                read_users(extractor, client)
            else:
                read_deletions(extractor, client, client.access.modules, told=done.failed)
        except StoppedError as error:
            done.stopped = str(error)
        except SourceError as error:
            done.failed[stream] = str(error)
