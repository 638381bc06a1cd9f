"""Forget what landed, so that every archived batch is pending again. Releases stay."""

from collections.abc import Mapping

from psycopg import Connection

from observes_assets.contracts import Contract
from observes_assets.landing import tables
from observes_assets.postgres.locks import LANDING, lock_transaction


def forget(connection: Connection, contracts: Mapping[str, Contract]) -> None:
    """Empty raw tables, versions and ledger in one transaction. Load ids go on counting."""
    with connection.transaction():
        lock_transaction(connection, LANDING)
        for contract in contracts.values():
            for stream in contract.streams.values():
                tables.empty(connection, stream)
        connection.execute(
            "truncate landing.loads, landing.batches, landing.quarantine, landing.refusals, "
            "landing.identities, landing.ignored_commits"
        )
