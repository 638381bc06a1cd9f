"""Records of one stream as GitHub sends them now; nothing is held, archived or landed."""

from collections.abc import Iterator
from itertools import chain
from tempfile import TemporaryFile
from typing import Any

import orjson

from observes_assets.errors import SettingsError
from observes_assets.sources.github import people, streams
from observes_assets.sources.github.client import Client
from observes_assets.sources.github.places import Place, Project, Repository
from observes_assets.sources.github.walk import Walk


def names() -> list[str]:
    """Streams that can be read apart."""
    return [one.name for one in (*streams.OF_OWNERS, *streams.OF_PROJECTS, *streams.OF_REPOSITORIES)]


def preview(client: Client, stream: str) -> Iterator[dict[str, Any]]:
    """Records of a stream, place by place: reads no further than they are asked for.

    Raises:
        SettingsError: there is no such stream.
        SourceError: a place can't be read.
    """
    owners = [people.owner_of_organization(client, login) for login in client.access.organizations]
    owners += [people.owner_of_repository(client, name) for name in client.access.repositories]
    for one in streams.OF_OWNERS:
        if one.name == stream:
            yield from _of_all(client, one, owners)
            return
    for one in streams.OF_PROJECTS:
        if one.name == stream:
            found = _of_all(client, _stream("projects"), owners)
            yield from _of_all(client, one, (Project(row["id"], row["title"]) for row in found))
            return
    for one in streams.OF_REPOSITORIES:
        if one.name == stream:
            found = _of_all(client, _stream("repositories"), owners)
            yield from _of_all(client, one, (Repository.of(row) for row in found))
            return
    raise SettingsError(f"There is no stream github/{stream}.", f"Streams are {', '.join(names())}.")


def _stream(name: str) -> streams.Stream:
    return next(one for one in streams.OF_OWNERS if one.name == name)


def _of_all(client: Client, stream: streams.Stream, places: Any) -> Iterator[dict[str, Any]]:
    return chain.from_iterable(_of(client, stream, place) for place in places)


def _of(client: Client, stream: streams.Stream, place: Place) -> Iterator[dict[str, Any]]:
    if not stream.is_read_of(place):
        return
    with TemporaryFile(prefix="observes-github-") as file:
        walk = Walk(file, None, client.server_at, None)
        stream.read(client, place, walk)
        yield from (orjson.loads(line) for line in walk.lines())
