"""GitHub's view of the company, over HTTP: REST and GraphQL as the extract uses them.

Data flow: ``world.company`` → ``rest/`` and ``graphql/`` (shapes) → ``server`` (limits, tags, faults).
Run it alone: ``python -m observes_assets.sandbox github``.

Kept honest by others' judgement, in tests: answers against GitHub's published OpenAPI, the schema against
GitHub's published one, and PyGithub as the client. Reading only; nothing that we don't ask is here.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

from observes_assets.sandbox.github.server import GitHub, Listener
from observes_assets.sandbox.world import World

__all__ = ["GitHub", "serving"]


@contextmanager
def serving(
    world: World, *, port: int = 0, latency_seconds: float = 0.0, is_shared: bool = False
) -> Iterator[GitHub]:
    """Serve the world's GitHub on the loopback interface, in threads of this process, until the block ends.

    Args:
        world: what to show; it may change while being served.
        port: 0 takes a free one.
        latency_seconds: how long each answer waits.
        is_shared: several processes of one user may serve the same world on the same port; if somebody
            else has the port, a free one is taken.
    """
    with Listener.on(port, is_shared=is_shared) as listener:
        listener.github = GitHub(world, listener.address, latency_seconds=latency_seconds)
        thread = Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield listener.github
        finally:
            listener.shutdown()
            thread.join()
