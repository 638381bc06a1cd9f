"""The sandbox in place of the real vendors, for a home that names none."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path

from pydantic import SecretStr

from observes_assets.sandbox import github, timedoctor, zoho
from observes_assets.sandbox.company import ORGANIZATION
from observes_assets.sandbox.world import World
from observes_assets.settings import Settings

_FIRST_PORT, _PORTS = 20_000, 4_000  # of each vendor; below those that systems give to clients
_DOWNLOADS = 100  # a minute
_DAYS_OF_HOURS = 14  # a first run reads so many days of worklogs: each is a batch of its own


@contextmanager
def vendors(settings: Settings) -> Iterator[Settings]:
    """The settings to read vendors with: as they are, or, in a sandbox, with its own vendors served.

    The servers live in this process until the block ends. The ports follow from the home: addresses are
    part of what vendors say, and an address that changed would make every record a new one.
    """
    if not settings.is_sandbox:
        yield settings
        return
    world = world_at(clock(settings))
    with (
        github.serving(world, port=_port(settings, 0), is_shared=True) as code,
        timedoctor.serving(world, port=_port(settings, 1), is_shared=True) as hours,
        zoho.serving(world, port=_port(settings, 2), is_shared=True, folder=_jobs(settings)) as sales,
    ):
        yield settings.model_copy(update=_github(code) | _timedoctor(hours) | _zoho(sales))


def _github(server: github.GitHub) -> dict[str, object]:
    return {
        "github_token": SecretStr(server.token),
        "github_organizations": ORGANIZATION,
        "github_api_url": server.rest_url,
        "github_graphql_url": server.graphql_url,
    }


def _timedoctor(server: timedoctor.TimeDoctor) -> dict[str, object]:
    credentials = server.credentials
    assert credentials.totp_secret
    return {
        "timedoctor_email": credentials.email,
        "timedoctor_password": SecretStr(credentials.password),
        "timedoctor_totp_secret": SecretStr(credentials.totp_secret),
        "timedoctor_url": server.address,
        "timedoctor_start": (server.world.now - timedelta(days=_DAYS_OF_HOURS)).date(),
    }


def _zoho(server: zoho.Zoho) -> dict[str, object]:
    credentials = server.credentials
    # The real limit would make a first run wait a minute for the second half of its downloads.
    server.limits.downloads = _DOWNLOADS
    return {
        "zoho_client_id": credentials.client_id,
        "zoho_client_secret": SecretStr(credentials.client_secret),
        "zoho_refresh_token": SecretStr(credentials.refresh_token),
        "zoho_accounts_url": server.address,
    }


def _jobs(settings: Settings) -> Path:
    """Where the bulk jobs of the sandbox's Zoho lie: one run asks for them, and another may fetch them."""
    return settings.home / "vendors" / "zoho"


@lru_cache(maxsize=1)
def world_at(at: datetime) -> World:
    """One for all of a process's vendors, none of which changes it; it takes a quarter of a second."""
    return World(at=at)


def clock(settings: Settings) -> datetime:
    """Where the sandbox's clock stands: by the setting, else at the beginning of this hour."""
    return settings.sandbox_clock or datetime.now(UTC).replace(minute=0, second=0, microsecond=0)


def _port(settings: Settings, number: int) -> int:
    digest = hashlib.sha256(str(settings.home).encode()).digest()
    # Homes may happen to share a port, and then answer for each other: so no two vendors may.
    return _FIRST_PORT + number * _PORTS + int.from_bytes(digest[:4]) % _PORTS
