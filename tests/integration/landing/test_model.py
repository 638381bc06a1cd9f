"""Random sequences of batches against a short model, then the same bucket replayed in a new database.

Load ids differ between databases, so versions are compared by the batches that wrote and superseded them.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from psycopg import sql

from observes_assets.archive import Archive, Decision
from observes_assets.bucket import open_bucket
from observes_assets.contracts import Contract
from observes_assets.landing import rebuild, tables
from observes_assets.postgres import connect, migrate
from observes_assets.postgres.server import EmbeddedServer
from tests.integration.landing.conftest import Desk
from tests.integration.landing.model import REGIONS, Decide, Extract, Line, Model
from tests.invariants import require_whole

_VERSIONS = """
    with batch as (select load_id, batch from landing.loads)
    select v.record_key, written.batch, gone.batch, v.is_deleted, content.batch, first.batch,
        case when not v.is_deleted then (r.record ->> 'amount')::integer end
    from landing.shop__orders as v
    join batch as written on written.load_id = v.load_id
    join batch as content on content.load_id = v.content_load_id
    join batch as first on first.load_id = v.first_load_id
    left join batch as gone on gone.load_id = v.superseded_by
    join raw_shop.orders as r on r.load_id = v.content_load_id and r.record_key = v.record_key
        and r.record_hash = v.record_hash
"""
_LEDGER = """
    select b.batch, b.state, l.records_read, l.records_written, l.records_unchanged, l.records_deleted,
        l.records_quarantined, coalesce(l.is_first, false)
    from landing.batches as b left join landing.loads as l using (source, stream, batch) order by 1
"""


def require_equal(desk: Desk, model: Model) -> None:
    assert set(desk.connection.execute(_VERSIONS).fetchall()) == model.versions
    ledger = [(one.number, one.state, *(one.counts or (None,) * 5), one.is_first) for one in model.batches]
    assert desk.connection.execute(_LEDGER).fetchall() == ledger
    require_whole(desk.connection)


_lines = st.builds(
    Line,
    order_id=st.integers(0, 5),
    amount=st.integers(0, 2),
    fault=st.sampled_from([None] * 12 + ["amount", "key", "scope"]),
)
_steps = st.one_of(
    *[
        st.builds(
            Extract,
            region=st.sampled_from(REGIONS),
            kind=st.sampled_from(["complete", "complete", "differential"]),
            lines=st.lists(_lines, max_size=size).map(tuple),
        )
        for size in (2, 8)
    ],
    st.builds(
        Decide,
        region=st.sampled_from(REGIONS),
        verdict=st.sampled_from(["accept", "reject"]),
    ),
)


@pytest.fixture
def two_databases(
    embedded_server: EmbeddedServer, contract: Contract
) -> Iterator[tuple[psycopg.Connection, ...]]:
    """Two migrated databases with the stream's tables; emptied for each example, which is quicker."""
    names = [f"model_{token_hex(6)}" for _ in range(2)]
    connections = []
    for name in names:
        url = connect.ensure_database(embedded_server.start(), name)
        connection = connect.connect(url, application_name="test", autocommit=True)
        migrate.migrate(connection)
        tables.create(connection, contract.streams["orders"])
        connections.append(connection)
    yield tuple(connections)
    for connection in connections:
        connection.close()
    with psycopg.connect(embedded_server.start(), autocommit=True) as connection:
        for name in names:
            connection.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


def good(*numbers: int) -> tuple[Line, ...]:
    return tuple(Line(number, 0, None) for number in numbers)


BAD = (Line(0, 0, "amount"), Line(1, 0, "amount"), Line(2, 0, None))


@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,  # a red pipeline must be red again on the next desk
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@example(  # history was refused, more came, a person rejected: what is read again is history still
    steps=[
        Extract("eu", "complete", BAD),
        Extract("eu", "differential", good(7)),
        Decide("eu", "reject"),
        Extract("eu", "complete", good(0, 1, 2, 7)),
    ]
)
@example(  # a big deletion on purpose
    steps=[
        Extract("eu", "complete", good(0, 1, 2, 3)),
        Extract("eu", "complete", good(4)),
        Extract("us", "complete", good(0)),
        Extract("eu", "differential", good(0)),
        Decide("eu", "accept"),
    ]
)
@given(steps=st.lists(_steps, min_size=1, max_size=14))
def test_the_landing_is_the_model_and_so_is_a_replay(
    two_databases: tuple[psycopg.Connection, ...],
    tmp_path_factory: pytest.TempPathFactory,
    contract: Contract,
    steps: list[Any],
) -> None:
    bucket = tmp_path_factory.mktemp("bucket")
    desk, replayed = (_empty_desk(connection, bucket, contract) for connection in two_databases)
    model = Model()
    for step in steps:
        if isinstance(step, Extract):
            _extract(desk, step, model)
        elif any(one.state == "refused" for one in model.of(step.region)):
            model.decide(step)
            _decide(desk, step)
        require_equal(desk, model)

    replayed.extractor.land_waiting("orders")
    require_equal(replayed, model)
    assert not replayed.extractor.land_waiting("orders").loads


def _empty_desk(connection: psycopg.Connection, bucket: Path, contract: Contract) -> Desk:
    rebuild.forget(connection, {"shop": contract})
    return Desk(connection, Archive(open_bucket(str(bucket)), code_version="test"), contract)


def _extract(desk: Desk, step: Extract, model: Model) -> None:
    model.extract(step)
    expected = model.batches[-1]
    with desk.extractor.scope("orders", {"region": step.region}) as start:
        before = (start.cursor or {}).get("batch")
        assert (before, start.makes_up_for) == (expected.cursor_before, expected.makes_up_for)
    desk.land(
        [line.document(step.region) for line in step.lines],
        region=step.region,
        kind=step.kind,
        cursor={"batch": expected.number},
    )


def _decide(desk: Desk, step: Decide) -> None:
    refused = desk.extractor.land_waiting("orders").refusals
    (manifest,) = [one.manifest for one in refused if one.manifest.scope == {"region": step.region}]
    decision = Decision(verdict=step.verdict, who="test", why="test", decided_at=datetime.now(UTC))
    assert desk.archive.decide(manifest, decision)
    assert not desk.archive.decide(manifest, decision)
    desk.extractor.land_waiting("orders")
