"""GitHub's view of the company, over HTTP: REST and GraphQL as the extract uses them.

Data flow: ``world.company`` → ``rest/`` and ``graphql/`` (shapes) → ``server`` (limits, tags, faults).
Run it alone: ``python -m observes_assets.sandbox github``.

Kept honest by others' judgement, in tests: answers against GitHub's published OpenAPI, the schema against
GitHub's published one, and PyGithub as the client. Reading only; nothing that we don't ask is here.
"""

from contextlib import AbstractContextManager

from observes_assets.sandbox import serving as loopback
from observes_assets.sandbox.github.server import GitHub
from observes_assets.sandbox.world import World

__all__ = ["GitHub", "serving"]


def serving(
    world: World, *, port: int = 0, latency_seconds: float = 0.0, is_shared: bool = False
) -> AbstractContextManager[GitHub]:
    """Serve the world's GitHub until the block ends; the world may change while being served.

    Args:
        world: what to show.
        port: 0 takes a free one.
        latency_seconds: how long each answer takes, at least.
        is_shared: as for every vendor, see ``sandbox.serving``.
    """

    def make(address: str) -> GitHub:
        return GitHub(world, address, latency_seconds=latency_seconds)

    return loopback.serving(make, port=port, is_shared=is_shared)
