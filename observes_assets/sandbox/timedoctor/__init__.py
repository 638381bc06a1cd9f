"""TimeDoctor's view of the company, over HTTP: version 2, which its makers call "API 1.0".

Data flow: ``people`` and ``tasks`` (who, and at what) → ``days`` (what is known of a day, and since when)
→ ``windows`` (memory and edges) → ``shapes`` → ``server`` (login, pages, faults).
Run it alone: ``python -m observes_assets.sandbox timedoctor``.

Late uploads, manager's edits and forgetting are functions of seed and clock. What the vendor's documents
leave open is a switch: what happens at a window's edges, from which length on a body is cut.
Kept honest by others' judgement, in tests: Fluid Attacks' TimeDoctor SDK as the client. Reading only.
"""

from contextlib import AbstractContextManager

from observes_assets.sandbox import serving as loopback
from observes_assets.sandbox.timedoctor.server import API, TimeDoctor
from observes_assets.sandbox.world import World

__all__ = ["API", "TimeDoctor", "serving"]


def serving(
    world: World, *, port: int = 0, latency_seconds: float = 0.0, is_shared: bool = False
) -> AbstractContextManager[TimeDoctor]:
    """Serve the world's TimeDoctor until the block ends; the world may change while being served.

    Args:
        world: what to show.
        port: 0 takes a free one.
        latency_seconds: how long each answer takes, at least.
        is_shared: as for every vendor, see ``sandbox.serving``.
    """

    def make(address: str) -> TimeDoctor:
        return TimeDoctor(world, address, latency_seconds=latency_seconds)

    return loopback.serving(make, port=port, is_shared=is_shared)
