"""What an asset's page shows of its newest load: counts, and a few rows without personal data.

Metadata goes to Dagster's event log, which no erasure reaches.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from dagster import AssetExecutionContext, AssetKey, MaterializeResult, MetadataValue
from psycopg import Connection, sql

from observes_assets.contracts import StreamContract
from observes_assets.extraction import Outcome
from observes_assets.landing.tables import StreamTables

_MARTS = "warehouse"
_ROWS = 5
_SCALARS = {"string", "integer", "number", "boolean", "date", "timestamp"}


def materialized(
    connection: Connection, contract: StreamContract, outcome: Outcome
) -> MaterializeResult[None]:
    """A raw stream's materialization: what the extraction did, and the newest records."""
    counts = [load.counts for load in outcome.loads]
    # Where nothing was written the last preview holds, and nobody looks at records of our own doing: pandas
    # need not be imported.
    is_worth_a_look = outcome.written and contract.calls_for_build
    preview = {"preview": _preview_stream(connection, contract)} if is_worth_a_look else {}
    return MaterializeResult(
        asset_key=AssetKey([contract.source, contract.name]),
        metadata={
            "dagster/row_count": sum(one.read for one in counts),
            "written": sum(one.written for one in counts),
            "unchanged": sum(one.unchanged for one in counts),
            "deleted": sum(one.deleted for one in counts),
            "quarantined": sum(one.quarantined for one in counts),
            "batches": MetadataValue.text(", ".join(load.manifest.title for load in outcome.loads[:20])),
            "loads": MetadataValue.json([load.load_id for load in outcome.loads[:100]]),
            **preview,
        },
    )


def unread(
    context: AssetExecutionContext, assets: Iterable[AssetKey], why: str
) -> Iterator[MaterializeResult[None]]:
    """Say that raw assets were not read, if marts follow in the same run: Dagster would leave those out.

    Otherwise nothing is said, since a materialization counts as fresh.
    """
    if any(key.path[0] == _MARTS for key in context.job_def.asset_layer.selected_asset_keys):
        for asset in assets:
            yield MaterializeResult(asset_key=asset, metadata={"not_read": why})


def _preview_stream(connection: Connection, contract: StreamContract) -> MetadataValue[Any]:
    """The newest records of a stream: their public fields."""
    names = [
        str(item.name)
        for item in contract.properties
        if item.classification == "public" and item.logicalType in _SCALARS
    ]
    fields = sql.SQL(", ").join(
        sql.SQL("record ->> {} as {}").format(sql.Literal(name), sql.Identifier(name)) for name in names
    )
    query = sql.SQL("select {} from {} order by load_id desc, line desc limit {}").format(
        fields, StreamTables.of(contract).raw, _ROWS
    )
    return _table(connection, query)


def preview_table(connection: Connection, table: sql.Identifier, columns: list[str]) -> MetadataValue[Any]:
    """The first rows of a table: these columns."""
    names = sql.SQL(", ").join(sql.Identifier(column) for column in columns)
    query = sql.SQL("select {0} from {1} order by {0} limit {2}").format(names, table, _ROWS)
    return _table(connection, query)


def _table(connection: Connection, query: sql.Composed) -> MetadataValue[Any]:
    import pandas as pd  # noqa: PLC0415 - half a second, and only where a person looks at a table

    cursor = connection.execute(query)
    names = [column.name for column in cursor.description or []]
    frame = pd.DataFrame(cursor.fetchall(), columns=names, dtype="object")
    return MetadataValue.md(frame.to_markdown(index=False))
