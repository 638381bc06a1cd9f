"""A client for whatever TimeDoctor the settings name."""

from collections.abc import Iterator
from contextlib import contextmanager

from observes_assets.contracts import Contract
from observes_assets.sandbox.vendors import vendors
from observes_assets.settings import Settings
from observes_assets.sources.timedoctor import access
from observes_assets.sources.timedoctor.client import Client


@contextmanager
def open_client(settings: Settings, contract: Contract) -> Iterator[Client | None]:
    """A client that keeps the contract's pace; None if nothing is configured. A sandbox has its own server.

    Raises:
        SettingsError: the credentials can't be used.
    """
    assert contract.rate_limit is not None
    with vendors(settings) as real:
        if (found := access.read(real)) is None:
            yield None
            return
        client = Client(found, contract.rate_limit)
        try:
            yield client
        finally:
            client.close()
