"""Which repository is which, over the portfolio's versions.

Within an organization a repository is the same while its URL or its nickname is unchanged. Renamed,
re-pointed, moved between groups, taken out and put back: it keeps its id, and with it the dates on which
its commits were first seen. Both changed at once, or a choice between several: it is a new repository.
A wrong "new" is harmless, since its history is never billed and copies of known commits are recognised by
their fingerprints; a wrong "same" would bill a stranger's history.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from observes_assets.sources.portfolio.urls import comparable_url


@dataclass(frozen=True)
class Entry:
    """A repository as an organization lists it."""

    organization: str
    nickname: str
    url: str

    @property
    def place(self) -> tuple[str, str]:
        """Equal for two entries that are the same repository for certain."""
        return self.organization, comparable_url(self.url)


@dataclass(frozen=True)
class KnownRepository:
    """A repository that was listed at least once, with its last URL and nickname."""

    repository_id: str
    organization: str
    url: str
    nickname: str

    @property
    def place(self) -> tuple[str, str]:
        """See ``Entry.place``."""
        return self.organization, comparable_url(self.url)


def resolve(
    entries: Iterable[Entry], known: Sequence[KnownRepository], former: Mapping[Entry, str]
) -> tuple[dict[Entry, str], list[KnownRepository]]:
    """Find each entry's repository id.

    Args:
        entries: all entries of the new version; the order decides nothing.
        known: every repository ever listed, in the order in which they came.
        former: the entries of the version before, with their ids: a repository that several groups list
            has several nicknames, of which ``known`` holds one.

    Returns:
        The id of each entry, and ``known`` brought up to date (nothing is ever removed from it).
    """
    places: dict[tuple[str, str], list[Entry]] = defaultdict(list)
    for entry in sorted(set(entries), key=lambda one: (one.organization, one.nickname, one.url)):
        places[entry.place].append(entry)
    found = _by_url(places, known)
    found |= _by_nickname(
        {place: places[place] for place in places if place not in found}, known, former, found
    )
    taken = {one.repository_id for one in known}
    for place, listed in places.items():
        if place not in found:
            found[place] = _new_id(listed[0], taken)
            taken.add(found[place])
    ids = {entry: found[place] for place, listed in places.items() for entry in listed}
    return ids, _up_to_date(known, {found[place]: listed for place, listed in places.items()})


def _by_url(
    places: Mapping[tuple[str, str], list[Entry]], known: Sequence[KnownRepository]
) -> dict[tuple[str, str], str]:
    # Reversed: should two known ones ever share a place, the older one wins.
    ids = {one.place: one.repository_id for one in reversed(known)}
    return {place: ids[place] for place in places if place in ids}


def _by_nickname(
    places: Mapping[tuple[str, str], list[Entry]],
    known: Sequence[KnownRepository],
    former: Mapping[Entry, str],
    by_url: Mapping[tuple[str, str], str],
) -> dict[tuple[str, str], str]:
    """Match what no URL matched. ``by_url``: what is still listed under its URL, and so is not renamed."""
    holders: dict[tuple[str, str], set[str]] = defaultdict(set)
    for one in known:
        holders[one.organization, one.nickname].add(one.repository_id)
    for entry, repository_id in former.items():
        holders[entry.organization, entry.nickname].add(repository_id)
    claimed = set(by_url.values())
    found = {}
    for place, listed in places.items():
        named = [holders[entry.organization, entry.nickname] for entry in listed]
        candidates = {next(iter(ids)) for ids in named if len(ids) == 1} - claimed
        if len(candidates) == 1:
            found[place] = candidates.pop()
    wanted = Counter(found.values())
    return {place: repository_id for place, repository_id in found.items() if wanted[repository_id] == 1}


def _new_id(entry: Entry, taken: set[str]) -> str:
    name = "\0".join((entry.organization, entry.url, entry.nickname))
    digest = hashlib.sha256(name.encode()).hexdigest()[:16]
    candidate, number = digest, 1
    # Taken when a URL and a nickname come back that a repository has since lost one after the other.
    while candidate in taken:
        number += 1
        candidate = f"{digest}-{number}"
    return candidate


def _up_to_date(known: Sequence[KnownRepository], listed: Mapping[str, list[Entry]]) -> list[KnownRepository]:
    former = {one.repository_id: one for one in known}
    updated = {one.repository_id: one for one in known}
    for repository_id, entries in listed.items():
        before = former.get(repository_id)
        updated[repository_id] = KnownRepository(
            repository_id,
            entries[0].organization,
            _kept(before.url if before else "", [entry.url for entry in entries]),
            _kept(before.nickname if before else "", [entry.nickname for entry in entries]),
        )
    return list(updated.values())


def _kept(before: str, now: Sequence[str]) -> str:
    """The value from before while it is still in use, so that a second entry changes nothing."""
    return before if before in now else now[0]
