"""A client for whatever Zoho the settings name, and Zoho's clock."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from observes_assets.contracts import Contract, RateLimit
from observes_assets.sandbox.vendors import clock, vendors
from observes_assets.settings import Settings
from observes_assets.sources.zoho import access
from observes_assets.sources.zoho.client import Client

_SANDBOX_S = RateLimit(requests=1_000, period_seconds=60)
"""Downloads of the sandbox's own server: nobody who tries it out should wait a minute for the eleventh."""


@contextmanager
def open_client(settings: Settings, contract: Contract) -> Iterator[Client | None]:
    """A client that keeps the contract's limits; None if nothing is configured. A sandbox has its own server.

    Raises:
        SettingsError: the credentials or modules can't be used.
    """
    assert contract.rate_limit is not None
    with vendors(settings) as real:
        if (found := access.read(real)) is None:
            yield None
            return
        limit = _SANDBOX_S if settings.is_sandbox else contract.rate_limit
        client = Client(found, limit, server_at=now(settings))
        try:
            yield client
        finally:
            client.close()


def now(settings: Settings) -> datetime:
    """What Zoho's clock says (UTC), as far as that is known without asking."""
    return clock(settings) if settings.is_sandbox else datetime.now(UTC)
