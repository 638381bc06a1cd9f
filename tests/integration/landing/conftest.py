"""A small source of the tests' own, and a desk to land its batches on."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from observes_assets import contracts
from observes_assets.archive import Archive
from observes_assets.bucket import open_bucket
from observes_assets.contracts import Contract
from observes_assets.extraction import Extractor, Outcome, Reading
from observes_assets.landing import tables
from observes_assets.postgres import connect, migrate

CONTRACT = """
apiVersion: v3.1.0
kind: DataContract
id: shop
name: shop
version: 1.0.0
status: active
team: {name: data-platform}
schema:
  - name: orders
    logicalType: object
    customProperties:
      - {property: scopeBy, value: [region]}
      - {property: maximumVanishedShare, value: 0.5}
      - {property: maximumQuarantinedCount, value: 1}
    properties:
      - {name: region, logicalType: string, required: true, primaryKey: true, primaryKeyPosition: 1}
      - {name: order_id, logicalType: string, required: true, primaryKey: true, primaryKeyPosition: 2}
      - {name: amount, logicalType: number, required: true}
      - {name: note, logicalType: string, required: false, classification: personal}
slaProperties:
  - {property: frequency, value: "0 * * * *", element: orders}
  - {property: freshness, value: 24, valueExt: 48, unit: h, element: orders}
"""


@dataclass
class Desk:
    """Extracts and lands batches of the stream ``shop/orders``, with its own bucket and database.

    Records that are ``is_at_hand`` land while they are being archived, where they may.
    """

    connection: psycopg.Connection
    archive: Archive
    contract: Contract
    is_at_hand: bool = False
    outcomes: list[Outcome] = field(default_factory=list)

    @property
    def extractor(self) -> Extractor:
        return Extractor(self.connection, self.archive, self.contract, run_id="test")

    def land(
        self, records: Iterable[Any], *, region: str = "eu", kind: str = "complete", cursor: Any = None
    ) -> Outcome:
        scope = {"region": region}
        with self.extractor.scope("orders", scope) as start:
            outcome = self.extractor.extract(
                "orders",
                scope,
                start,
                Reading(kind, records, lambda: cursor, is_at_hand=self.is_at_hand),  # type: ignore[arg-type]
            )
        self.outcomes.append(outcome)
        return outcome

    def heads(self) -> dict[str, Any]:
        rows = self.connection.execute(
            "select v.record_key, r.record from landing.shop__orders as v "
            "join raw_shop.orders as r on r.record_key = v.record_key and r.load_id = v.load_id "
            "where v.superseded_by is null and not v.is_deleted"
        )
        return dict(rows.fetchall())

    def one(self, query: str, parameters: Any = None) -> Any:
        row = self.connection.execute(query, parameters).fetchone()
        return row[0] if row and len(row) == 1 else row


@pytest.fixture
def contract() -> Contract:
    return contracts.parse("shop", CONTRACT.encode())


@pytest.fixture
def new_desk(database_url: str, tmp_path: Path, contract: Contract) -> Iterator[Callable[..., Desk]]:
    connections = []

    def make(bucket: Path | None = None) -> Desk:
        connection = connect.connect(database_url, application_name="test", autocommit=True)
        connections.append(connection)
        migrate.migrate(connection)
        tables.create(connection, contract.streams["orders"])
        archive = Archive(open_bucket(str(bucket or tmp_path / "bucket")), code_version="test")
        return Desk(connection, archive, contract)

    yield make
    for connection in connections:
        connection.close()


@pytest.fixture(params=[False, True], ids=["archived first", "at hand"])
def desk(new_desk: Callable[..., Desk], request: pytest.FixtureRequest) -> Desk:
    return replace(new_desk(), is_at_hand=request.param)


def order(number: int, amount: float = 1.0, region: str = "eu", **more: Any) -> dict[str, Any]:
    return {"region": region, "order_id": str(number), "amount": amount, **more}
