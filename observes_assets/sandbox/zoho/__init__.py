"""Zoho CRM's view of the company, over HTTP: tokens, bulk reads, deletions, users and settings of API v8.

Data flow: ``world.company.crm`` → ``records`` and ``lists`` (shapes) → ``jobs`` (CSV) → ``server`` (limits).
Run it alone: ``python -m observes_assets.sandbox zoho``.

Kept honest by others' judgement, in tests: Zoho's own SDK is the client. Reading only; nothing that we don't
ask is here. What Zoho documents nowhere (for how long a page token is good, say) is not promised here either.
"""

from contextlib import AbstractContextManager
from pathlib import Path

from observes_assets.sandbox import serving as loopback
from observes_assets.sandbox.world import World
from observes_assets.sandbox.zoho.server import Zoho

__all__ = ["Zoho", "serving"]


def serving(
    world: World,
    *,
    port: int = 0,
    latency_seconds: float = 0.0,
    is_shared: bool = False,
    folder: Path | None = None,
) -> AbstractContextManager[Zoho]:
    """Serve the world's Zoho CRM until the block ends; the world may change while being served.

    Args:
        world: what to show.
        port: 0 takes a free one.
        latency_seconds: how long each answer waits.
        is_shared: as for every vendor, see ``sandbox.serving``.
        folder: where jobs lie, for those who serve it later; None: they end with the block.
    """

    def make(address: str) -> Zoho:
        return Zoho(world, address, latency_seconds=latency_seconds, folder=folder)

    return loopback.serving(make, port=port, is_shared=is_shared)
