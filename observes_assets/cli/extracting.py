"""Read a stream and print it: nothing is archived, nothing lands."""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from typing import Any

import orjson

from observes_assets.door import door_of
from observes_assets.errors import PermanentError, SettingsError, SourceError
from observes_assets.installation import Installation
from observes_assets.postgres.roles import LOADER
from observes_assets.sources.configured import lacks_github, lacks_timedoctor, lacks_zoho
from observes_assets.sources.delivery.reading import read as delivery
from observes_assets.sources.git.client import Mirror
from observes_assets.sources.git.observation import Observation, Repository, look_at, repositories, updated
from observes_assets.sources.git.streams import commits
from observes_assets.sources.github import preview
from observes_assets.sources.observes.client import release_records
from observes_assets.sources.observes.streams import releases
from observes_assets.sources.portfolio.reading import read
from observes_assets.sources.timedoctor import preview as timedoctor_preview
from observes_assets.sources.timedoctor.session import open_client as open_timedoctor
from observes_assets.sources.zoho import preview as zoho_preview
from observes_assets.sources.zoho.preparation import Purse
from observes_assets.sources.zoho.recording import Exports
from observes_assets.sources.zoho.session import open_client as open_zoho


def records(installation: Installation, source: str, stream: str, limit: int) -> Iterator[bytes]:
    """The first records of a stream, as JSON.

    Raises:
        SettingsError: there is no such stream.
    """
    readers: dict[tuple[str, str], Callable[[Installation], Iterator[dict[str, Any]]]] = {
        ("portfolio", "portfolio"): _portfolio,
        ("delivery", "delivery"): _delivery,
        ("git", "commits"): _commits,
        ("git", "observations"): _observations,
        ("observes", "releases"): _releases,
    }
    readers |= {("github", name): partial(_github, stream=name) for name in preview.names()}
    readers |= {
        ("timedoctor", name): partial(_timedoctor, stream=name) for name in timedoctor_preview.names()
    }
    readers |= {("zoho", name): partial(_zoho, stream=name) for name in zoho_preview.names()}
    reader = readers.get((source, stream))
    if reader is None:
        names = ", ".join(sorted("/".join(name) for name in readers))
        raise SettingsError(f"There is no stream {source}/{stream}.", f"Streams are {names}.")
    # What may not lie in the bucket may not stand on a screen.
    installation.archive.register.read()
    door = door_of(installation.archive.register.erased, installation.contracts[source].streams[stream])
    for record in islice(reader(installation), limit):
        yield door(orjson.dumps(record, option=orjson.OPT_SORT_KEYS))


def _portfolio(installation: Installation) -> Iterator[dict[str, Any]]:
    with installation.connect("extract", role=LOADER) as connection:
        yield from read(installation, connection)


def _delivery(installation: Installation) -> Iterator[dict[str, Any]]:
    yield from delivery(installation.settings)


def _commits(installation: Installation) -> Iterator[dict[str, Any]]:
    """Commits of every repository that can be read; only then the failure of one that can't."""
    failure: SourceError | None = None
    for repository, mirror in _mirrors(installation):
        if isinstance(mirror, SourceError):
            failure = failure or PermanentError(f"{repository.name}: {mirror.message}", mirror.remedy)
            continue
        for branch in repository.branches:
            if tip := mirror.tip(branch):
                yield from commits(
                    mirror, repository_id=repository.repository_id, branch=branch, tip=tip, known_tip=None
                )
    if failure:
        raise failure


def _observations(installation: Installation) -> Iterator[dict[str, Any]]:
    for repository, mirror in _mirrors(installation):
        for branch in repository.branches:
            observation = Observation(repository, branch)
            try:
                if isinstance(mirror, SourceError):
                    raise mirror
                look_at(observation, mirror)
            except SourceError as error:
                observation.outcome, observation.reason = "failed", str(error)
            yield observation.as_record()


def _github(installation: Installation, stream: str) -> Iterator[dict[str, Any]]:
    from observes_assets.sources.github.session import open_client  # noqa: PLC0415 - brings PyGithub along

    with open_client(installation.settings, installation.contracts["github"]) as client:
        if client is None:
            missing = lacks_github(installation.settings)
            raise SettingsError(f"GitHub is not configured: {missing}.", "See docs/github.md.")
        yield from preview.preview(client, stream)


def _timedoctor(installation: Installation, stream: str) -> Iterator[dict[str, Any]]:
    with open_timedoctor(installation.settings, installation.contracts["timedoctor"]) as client:
        if client is None:
            missing = lacks_timedoctor(installation.settings)
            raise SettingsError(f"TimeDoctor is not configured: {missing}.", "See docs/timedoctor.md.")
        yield from timedoctor_preview.preview(client, stream)


def _zoho(installation: Installation, stream: str) -> Iterator[dict[str, Any]]:
    contract = installation.contracts["zoho"]
    with (
        open_zoho(installation.settings, contract) as client,
        installation.connect("extract", role=LOADER) as connection,
    ):
        if client is None:
            missing = lacks_zoho(installation.settings)
            raise SettingsError(f"Zoho is not configured: {missing}.", "See docs/zoho.md.")
        purse = Purse(client, Exports(installation, connection, "extract"), contract)
        yield from zoho_preview.preview(purse, stream)


def _releases(installation: Installation) -> Iterator[dict[str, Any]]:
    yield from releases(release_records(installation.bucket, after=0))


def _mirrors(installation: Installation) -> Iterator[tuple[Repository, Mirror | SourceError]]:
    (portfolio,) = _portfolio(installation)
    yield from updated(installation.settings, repositories(portfolio))
