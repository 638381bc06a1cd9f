"""Everything that is read of GitHub in one run: the owners, then what they have, then what is in that."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec

from observes_assets import progress
from observes_assets.errors import SourceError
from observes_assets.extraction import Extractor, Reading
from observes_assets.sources.github import people, streams
from observes_assets.sources.github.client import Client
from observes_assets.sources.github.observation import Observation, Wanted
from observes_assets.sources.github.pace import Quota, StoppedError
from observes_assets.sources.github.places import Owner, Place, Project, Repository

_KINDS = {"owner_id": "owner", "repository_id": "repository", "project_id": "project"}


@dataclass
class Account:
    """What became of a run: a record of ``github/observations`` for each place, and one for the account."""

    records: list[dict[str, Any]] = field(default_factory=list)
    quotas: list[Quota] = field(default_factory=list)
    request_count: int = 0

    def named(self, outcome: str) -> dict[str, str]:
        """Reasons of the places with an outcome, by name."""
        return {
            one["name"]: "; ".join(reason["reason"] for reason in one["reasons"])
            for one in self.records
            if one["outcome"] == outcome
        }


def observe_all(extractor: Extractor, client: Client) -> Account:
    """Read, archive and land everything that is due, and what became of it.

    Raises:
        SourceError: GitHub gives us nothing at all: it can't be reached, or refuses the token.
    """
    account, looked_at = Account(), datetime.now(UTC)
    with progress.task("github") as step:
        observation = Observation(extractor, client, step)
        for stream in extractor.contract.streams:
            extractor.land_waiting(stream)
        owners = list(_owners(client, account))
        began_at = client.server_at
        of_owners = [(stream, owner) for stream in streams.OF_OWNERS for owner in owners]
        observation.run(of_owners, found=_Within())
    for outcome in observation.outcomes.values():
        reasons = [{"stream": name, "reason": text} for name, text in sorted(outcome.reasons.items())]
        account.records.append(_record(outcome.place, outcome.name, reasons))
    account.quotas = sorted(client.pace.quotas.values(), key=lambda one: one.resource)
    account.request_count = client.pace.request_count
    extractor.note("disappearances", {}, looked_at)  # nothing has to disappear
    if not account.named("failed"):
        # What had nothing to read was read well: a person has no teams, and a board may not be due.
        for stream in extractor.contract.streams.keys() - {one.stream for one in extractor.attempts}:
            extractor.note(stream, {}, looked_at)
    _land(extractor, account, (began_at, client.server_at))
    return account


def _land(extractor: Extractor, account: Account, times: tuple[datetime, datetime]) -> None:
    quotas = [msgspec.to_builtins(quota) for quota in account.quotas]
    worst = (one for one in ("failed", "stopped", "uncertain") if account.named(one))
    record = {
        "place": "account",
        "id": "github",
        "name": "github",
        "outcome": next(worst, "ok"),
        "reasons": [],
        "quotas": quotas,
        "request_count": account.request_count,
    }
    with extractor.scope("observations", {}) as start:
        reading = Reading("complete", [*account.records, record])
        extractor.extract("observations", {}, start, reading, times=times)


def _owners(client: Client, account: Account) -> Iterator[Owner]:
    """Owners that exist; the others become failed observations."""
    whole: set[str] = set()
    wanted: dict[str, Owner] = {}
    for login in client.access.organizations:
        try:
            owner = people.owner_of_organization(client, login)
        except SourceError as error:
            account.records.append(_unknown("owner", login, error))
        else:
            whole.add(owner.id)
            yield owner
    for name in client.access.repositories:
        try:
            owner = people.owner_of_repository(client, name)
        except SourceError as error:
            account.records.append(_unknown("repository", name, error))
        else:
            if owner.id in whole:
                continue  # all of its repositories are read anyway
            before = wanted[owner.id].wanted if owner.id in wanted else ()
            wanted[owner.id] = Owner(owner.id, owner.login, owner.is_organization, (*before, name))
    yield from wanted.values()


class _Within:
    """What is in repositories and projects, the busiest first; each is read once, whoever lists it."""

    def __init__(self) -> None:
        self._seen: set[str] = set()

    def __call__(self, stream: streams.Stream, records: list[dict[str, Any]]) -> list[Wanted]:
        new = {record["id"]: record for record in records if record["id"] not in self._seen}
        self._seen |= new.keys()
        if stream.name == "projects":
            projects = [Project(record["id"], record["title"]) for record in new.values()]
            return [(one, place) for one in streams.OF_PROJECTS for place in projects]
        if stream.name == "repositories":
            busiest = sorted(new.values(), key=lambda one: -int(one.get("open_issues_count") or 0))
            repositories = [Repository.of(record) for record in busiest]
            return [(one, place) for one in streams.OF_REPOSITORIES for place in repositories]
        return []


def _record(place: Place, outcome: str, reasons: list[dict[str, str]]) -> dict[str, Any]:
    name = place.login if isinstance(place, Owner) else place.name
    kind = _KINDS[place.field]
    return {
        "place": kind,
        "id": place.id,
        "name": name,
        "outcome": outcome,
        "reasons": reasons,
        "quotas": [],
        "request_count": None,
    }


def _unknown(place: str, name: str, error: SourceError) -> dict[str, Any]:
    outcome = "stopped" if isinstance(error, StoppedError) else "failed"
    return {
        "place": place,
        "id": name,
        "name": name,
        "outcome": outcome,
        "reasons": [{"stream": "repositories", "reason": str(error)}],
        "quotas": [],
        "request_count": None,
    }
