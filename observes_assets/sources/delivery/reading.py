"""Which delivery file is read."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from observes_assets.settings import Settings
from observes_assets.sources.delivery.streams import delivery_stream

SANDBOX = Path(__file__).with_name("sandbox.yaml")
"""The boards of the sandbox's company."""


def read(settings: Settings) -> Iterator[dict[str, Any]]:
    """The record that the delivery file says now; without a file, that nothing is configured."""
    return delivery_stream(settings.delivery or (SANDBOX if settings.is_sandbox else None))
