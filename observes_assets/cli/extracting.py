"""Read a stream and print it: nothing is archived, nothing lands."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

import orjson

from observes_assets.errors import SettingsError, SourceError
from observes_assets.installation import Installation
from observes_assets.sources.git.observation import repositories, updated
from observes_assets.sources.git.streams import commits
from observes_assets.sources.portfolio.reading import read


def records(installation: Installation, source: str, stream: str, limit: int) -> Iterator[bytes]:
    """The first records of a stream, as JSON.

    Raises:
        SettingsError: there is no such stream.
    """
    readers = {
        ("portfolio", "portfolio"): _portfolio,
        ("git", "commits"): _commits,
        ("git", "observations"): _tips,
    }
    reader = readers.get((source, stream))
    if reader is None:
        names = ", ".join(sorted("/".join(name) for name in readers))
        raise SettingsError(f"There is no stream {source}/{stream}.", f"Streams are {names}.")
    for record in islice(reader(installation), limit):
        yield orjson.dumps(record, option=orjson.OPT_SORT_KEYS)


def _portfolio(installation: Installation) -> Iterator[dict[str, Any]]:
    with installation.connect("extract") as connection:
        yield from read(installation, connection)


def _commits(installation: Installation) -> Iterator[dict[str, Any]]:
    for repository, branch, mirror, tip in _branches(installation):
        if tip:
            yield from commits(
                mirror, repository_id=repository.repository_id, branch=branch, tip=tip, known_tip=None
            )


def _tips(installation: Installation) -> Iterator[dict[str, Any]]:
    for repository, branch, _, tip in _branches(installation):
        outcome = "ok" if tip else "failed"
        yield {"repository_id": repository.repository_id, "branch": branch, "outcome": outcome, "tip": tip}


def _branches(installation: Installation) -> Iterator[tuple[Any, str, Any, str | None]]:
    (portfolio,) = _portfolio(installation)
    for repository, mirror in updated(installation.settings, repositories(portfolio)):
        if isinstance(mirror, SourceError):
            raise mirror
        for branch in repository.branches:
            yield repository, branch, mirror, mirror.tip(branch)
