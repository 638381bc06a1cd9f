"""The sandbox in place of the real vendors, for a home that names none."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from pydantic import SecretStr

from observes_assets.sandbox.company import ORGANIZATION
from observes_assets.sandbox.github import serving
from observes_assets.sandbox.world import World
from observes_assets.settings import Settings

_FIRST_PORT, _PORTS = 20_000, 10_000  # below those that systems give to clients


@contextmanager
def vendors(settings: Settings) -> Iterator[Settings]:
    """The settings to read vendors with: as they are, or, in a sandbox, with its own vendors served.

    The servers live in this process until the block ends. The port follows from the home: addresses are
    part of what vendors say, and an address that changed would make every record a new one.
    """
    if not settings.is_sandbox:
        yield settings
        return
    world = World(at=clock(settings))
    with serving(world, port=_port(settings), is_shared=True) as github:
        yield settings.model_copy(
            update={
                "github_token": SecretStr(github.token),
                "github_organizations": ORGANIZATION,
                "github_api_url": github.rest_url,
                "github_graphql_url": github.graphql_url,
            }
        )


def clock(settings: Settings) -> datetime:
    """Where the sandbox's clock stands: by the setting, else at the beginning of this hour."""
    return settings.sandbox_clock or datetime.now(UTC).replace(minute=0, second=0, microsecond=0)


def _port(settings: Settings) -> int:
    digest = hashlib.sha256(str(settings.home).encode()).digest()
    return _FIRST_PORT + int.from_bytes(digest[:4]) % _PORTS
