"""What the contracts promise, kept in Postgres: reading a contract takes ten milliseconds a stream.

A source's rows carry the sha256 of the contract that they were copied from, and are made anew for another.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources

from psycopg import Connection

from observes_assets import contracts
from observes_assets.contracts.levels import Freshness


@dataclass(frozen=True)
class Promise:
    """Who answers for a stream, and how old it may be."""

    source: str
    stream: str
    owner: str
    on_call: str
    freshness: Freshness


def promises(connection: Connection, sources: Sequence[str]) -> list[Promise]:
    """The promises of these sources' streams, in the order of sources and contracts."""
    texts = {source: hashlib.sha256(_text(source)).hexdigest() for source in sources}
    known: dict[str, str] = dict(
        connection.execute("select distinct source, contract_sha256 from landing.promised").fetchall()
    )
    for source in sources:
        if known.get(source) != texts[source]:
            _copy(connection, source)
    rows = connection.execute(
        "select source, stream, owner, on_call, late_after, broken_after from landing.promised "
        "where source = any(%(sources)s) order by array_position(%(sources)s, source), place",
        {"sources": list(sources)},
    )
    return [
        Promise(source, stream, owner, on_call, Freshness(late, broken))
        for source, stream, owner, on_call, late, broken in rows
    ]


def _text(source: str) -> bytes:
    return resources.files("observes_assets.sources").joinpath(source, "contract.yaml").read_bytes()


def _copy(connection: Connection, source: str) -> None:
    contract = contracts.load(source)
    with connection.transaction():
        # One at a time, or the second one would find the first one's rows there.
        connection.execute("lock table landing.promised in share row exclusive mode")
        connection.execute("delete from landing.promised where source = %s", [source])
        connection.cursor().executemany(
            "insert into landing.promised values (%s, %s, %s, %s, %s, %s, %s, %s)",
            [
                (
                    source,
                    stream.name,
                    place,
                    contract.sha256,
                    contract.owner,
                    contract.on_call or contract.owner,
                    *stream.freshness,
                )
                for place, stream in enumerate(contract.streams.values())
            ],
        )
