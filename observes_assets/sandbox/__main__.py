"""``python -m observes_assets.sandbox timedoctor``: serve one of the company's vendors until Ctrl-C."""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from threading import Event
from typing import Any

from rich.console import Console

from observes_assets.sandbox import github, timedoctor, zoho
from observes_assets.sandbox.world import DEFAULT_AT, World


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(prog="python -m observes_assets.sandbox", description=__doc__)
    parser.add_argument("vendor", choices=_VENDORS)
    parser.add_argument("--port", type=int, default=0, help="0: a free one")
    parser.add_argument("--seed", type=int, default=1, help="another seed, another company")
    parser.add_argument("--size", type=int, default=1, help="how much work there is")
    parser.add_argument(
        "--at", type=datetime.fromisoformat, default=DEFAULT_AT, help="where the clock stands"
    )
    parser.add_argument("--latency-ms", type=float, default=0.0, help="how long each answer waits")
    given = parser.parse_args()
    world = World(given.seed, given.at, size=given.size)
    how = {"port": given.port, "latency_seconds": given.latency_ms / 1000}
    with _VENDORS[given.vendor](world, **how) as (address, lines):
        console = Console(highlight=False, soft_wrap=True)
        for line in lines:
            console.print(line)
        console.print(f"clock    {world.now.isoformat()}; move it: POST {address}/_sandbox/clock")
        try:
            Event().wait()
        except KeyboardInterrupt:
            console.print("Stopped.")


@contextmanager
def _github(world: World, **how: Any) -> Iterator[tuple[str, list[str]]]:
    with github.serving(world, **how) as server:
        yield (
            server.address,
            [
                f"REST     {server.rest_url}",
                f"GraphQL  {server.graphql_url}",
                f"token    {server.token}",
            ],
        )


@contextmanager
def _timedoctor(world: World, **how: Any) -> Iterator[tuple[str, list[str]]]:
    with timedoctor.serving(world, **how) as server:
        login = server.credentials
        yield (
            server.address,
            [
                f"API      {server.address}{timedoctor.API}",
                f"login    {login.email}, password {login.password}, TOTP secret {login.totp_secret}",
                f"company  {server.company_id}",
            ],
        )


@contextmanager
def _zoho(world: World, **how: Any) -> Iterator[tuple[str, list[str]]]:
    with zoho.serving(world, **how) as server:
        login = server.credentials
        yield (
            server.address,
            [
                f"accounts {server.address}",
                f"client   {login.client_id}, secret {login.client_secret}",
                f"refresh  {login.refresh_token}",
            ],
        )


_VENDORS = {"github": _github, "timedoctor": _timedoctor, "zoho": _zoho}

if __name__ == "__main__":
    main()
