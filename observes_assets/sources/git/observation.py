"""One observation of every repository of the portfolio: fetch, extract what is new, publish the mirror.

Each repository has its own outcome. A bad one never hides or stops the others; what it says of the others
is nothing.
"""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import stamina

from observes_assets.archive import Scope
from observes_assets.errors import SourceError, TransientError
from observes_assets.extraction import Extractor, Outcome, Reading
from observes_assets.landing.land import Load
from observes_assets.landing.pending import Start
from observes_assets.landing.refusal import Refusal
from observes_assets.settings import Settings
from observes_assets.sources.git import credentials
from observes_assets.sources.git.client import Mirror
from observes_assets.sources.git.publication import publish
from observes_assets.sources.git.streams import commits

_FETCHES_AT_ONCE = 4
_TRIES = 3


@dataclass(frozen=True)
class Repository:
    """A repository of the portfolio, with every branch that some entry of it names."""

    repository_id: str
    url: str
    credential: str | None
    name: str
    branches: tuple[str, ...]

    def mirror(self, settings: Settings) -> Mirror:
        """The repository's mirror on this machine."""
        credential = credentials.read(self.credential) if self.credential else None
        return Mirror(settings.mirrors / self.repository_id, self.url, credential)


@dataclass
class Observation:
    """What became of one repository and branch; ``as_record`` is what lands of it."""

    repository: Repository
    branch: str
    outcome: str = "ok"
    reason: str | None = None
    tip: str | None = None
    loads: list[Load] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)

    @property
    def scope(self) -> Scope:
        """The scope of the branch's commits."""
        return {"repository_id": self.repository.repository_id, "branch": self.branch}

    def as_record(self) -> dict[str, Any]:
        """A record of ``git/observations``. When it was observed is the batch's extraction end."""
        return {**self.scope, "outcome": self.outcome, "reason": self.reason, "tip": self.tip}


def repositories(record: dict[str, Any]) -> list[Repository]:
    """The repositories of a portfolio record, each once, however many groups list it."""
    entries: dict[str, list[dict[str, Any]]] = {}
    for entry in record["repositories"]:
        entries.setdefault(entry["repository_id"], []).append(entry)
    return [
        Repository(
            repository_id=repository_id,
            url=found[0]["url"],
            credential=next((one["credential"] for one in found if one["credential"]), None),
            name="/".join(found[0][part] for part in ("organization", "group", "nickname")),
            branches=tuple(sorted({one["branch"] for one in found})),
        )
        for repository_id, found in sorted(entries.items())
    ]


def updated(settings: Settings, found: list[Repository]) -> Iterator[tuple[Repository, Mirror | SourceError]]:
    """Fetch all mirrors, a few at a time; gives each as soon as its turn is done, in order."""
    with ThreadPoolExecutor(_FETCHES_AT_ONCE) as pool:
        waiting: list[tuple[Repository, Future[Mirror]]] = [
            (one, pool.submit(_update, settings, one)) for one in found
        ]
        for repository, future in waiting:
            try:
                yield repository, future.result()
            except SourceError as error:
                yield repository, error


def _update(settings: Settings, repository: Repository) -> Mirror:
    mirror = repository.mirror(settings)
    for attempt in stamina.retry_context(on=TransientError, attempts=_TRIES, timeout=None):
        with attempt:
            mirror.update()
    return mirror


def observe(
    extractor: Extractor, repository: Repository, mirror: Mirror | SourceError, *, not_before: datetime
) -> Iterator[Observation]:
    """Observe each branch of a repository; failures become outcomes.

    The mirror is published first: bundling it reads all of it, and a repository with a hole fails as a whole.
    """
    try:
        if isinstance(mirror, Mirror):
            publish(extractor.archive.bucket, mirror, repository.repository_id, repository.name)
    except SourceError as error:
        mirror = error
    for branch in repository.branches:
        observation = Observation(repository, branch)
        try:
            if isinstance(mirror, SourceError):
                extractor.note("commits", observation.scope, datetime.now(UTC), mirror)
                raise mirror
            _extract_branch(extractor, mirror, observation, not_before)
        except SourceError as error:
            observation.outcome, observation.reason = "failed", str(error)
        yield observation


def look_at(observation: Observation, mirror: Mirror) -> None:
    """Note what an up-to-date mirror says of the branch; reads no commits.

    Raises:
        SourceError: the mirror can't be read, so nothing is known: not even that the branch is gone.
    """
    observation.tip = mirror.tip(observation.branch)
    if observation.tip is None and mirror.is_empty():
        observation.outcome = "empty"
    elif observation.tip is None:
        branches = ", ".join(mirror.branches()[:5])
        observation.outcome = "failed"
        observation.reason = f"It has no branch {observation.branch!r}; it has {branches}."


def _extract_branch(
    extractor: Extractor, mirror: Mirror, observation: Observation, not_before: datetime
) -> None:
    with extractor.scope("commits", observation.scope) as start:
        # Only now: while we waited for the scope, another process may have landed a newer tip.
        look_at(observation, mirror)
        reading = _reading(mirror, observation, start)
        if reading is not None:
            outcome = extractor.extract("commits", observation.scope, start, reading, not_before=not_before)
            _note(observation, outcome)


def _reading(mirror: Mirror, observation: Observation, start: Start) -> Reading | None:
    """What to read; None if the branch stands where it stood."""
    known = (start.cursor or {}).get("tip")
    tip = observation.tip
    if tip == known and not start.makes_up_for:
        return None
    after = {"tip": tip}
    if tip is None:
        # The branch is gone: a complete batch of nothing marks its commits unreachable, and loses none.
        return Reading("complete", [], lambda: after)
    is_ahead = known is not None and mirror.has(known) and mirror.is_ancestor(known, tip)
    records = commits(
        mirror,
        repository_id=observation.repository.repository_id,
        branch=observation.branch,
        tip=tip,
        known_tip=known if is_ahead else None,
    )
    return Reading("differential" if is_ahead else "complete", records, lambda: after)


def _note(observation: Observation, outcome: Outcome) -> None:
    ours = [load for load in outcome.loads if load.manifest.scope == observation.scope]
    observation.loads.extend(ours)
    observation.refusals.extend(
        refusal for refusal in outcome.refusals if refusal.manifest.scope == observation.scope
    )
