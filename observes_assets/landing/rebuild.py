"""Forget what landed, so that every archived batch is pending again. Releases stay."""

from collections.abc import Mapping

from psycopg import Connection

from observes_assets.contracts import Contract
from observes_assets.landing import tables
from observes_assets.postgres.locks import BUILD, LANDING, lock_transaction, session_lock


def forget(connection: Connection, contracts: Mapping[str, Contract]) -> None:
    """Empty raw tables, versions and ledger in one transaction. Load ids go on counting.

    Waits for a build to end: dbt would find half of its tables empty. The connection must autocommit.
    """
    with session_lock(connection, BUILD, what="The build"), connection.transaction():
        lock_transaction(connection, LANDING)
        for contract in contracts.values():
            for stream in contract.streams.values():
                tables.empty(connection, stream)
        connection.execute(
            "truncate landing.loads, landing.batches, landing.quarantine, landing.refusals, "
            "landing.checked, landing.identities, landing.ignored_commits, "
            "landing.attempts, landing.incidents"
        )
