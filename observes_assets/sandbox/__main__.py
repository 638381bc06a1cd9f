"""``python -m observes_assets.sandbox github``: serve the company's vendors until Ctrl-C."""

import argparse
from datetime import datetime
from threading import Event

from rich.console import Console

from observes_assets.sandbox.github import serving
from observes_assets.sandbox.world import DEFAULT_AT, World


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(prog="python -m observes_assets.sandbox", description=__doc__)
    parser.add_argument("vendor", choices=["github"])
    parser.add_argument("--port", type=int, default=0, help="0: a free one")
    parser.add_argument("--seed", type=int, default=1, help="another seed, another company")
    parser.add_argument("--size", type=int, default=1, help="how much work there is")
    parser.add_argument(
        "--at", type=datetime.fromisoformat, default=DEFAULT_AT, help="where the clock stands"
    )
    parser.add_argument("--latency-ms", type=float, default=0.0, help="how long each answer waits")
    given = parser.parse_args()
    world = World(given.seed, given.at, size=given.size)
    with serving(world, port=given.port, latency_seconds=given.latency_ms / 1000) as github:
        console = Console(highlight=False, soft_wrap=True)
        console.print(f"REST     {github.rest_url}\nGraphQL  {github.graphql_url}\ntoken    {github.token}")
        console.print(f"clock    {world.now.isoformat()}; move it: POST {github.address}/_sandbox/clock")
        try:
            Event().wait()
        except KeyboardInterrupt:
            console.print("Stopped.")


if __name__ == "__main__":
    main()
