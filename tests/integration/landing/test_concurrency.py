"""Several processes at one landing: each batch once, in order, and never half."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from observes_assets.errors import BusyError
from observes_assets.extraction import Reading
from observes_assets.landing import one_batch, pending
from tests.integration.landing.batches import archive_only, states, versions
from tests.integration.landing.conftest import Desk, order

NewDesk = Callable[..., Desk]


def test_several_landers_land_each_batch_once_and_in_order(new_desk: NewDesk) -> None:
    desks = [new_desk() for _ in range(4)]
    for number in range(12):
        region = "eu" if number % 2 else "us"
        archive_only(desks[0], [order(1, number, region), order(2, 1, region)], region=region)
        pending.sync(desks[0].connection, desks[0].archive, "shop", "orders")
    with ThreadPoolExecutor(len(desks)) as pool:
        outcomes = list(pool.map(lambda desk: desk.extractor.land_waiting("orders"), desks))
    landed = sorted(load.manifest.batch for outcome in outcomes for load in outcome.loads)
    assert landed == list(range(1, 13))
    chains = desks[0].connection.execute(
        "select array_agg(l.batch order by l.load_id) from landing.loads as l group by l.scope"
    )
    assert all(row[0] == sorted(row[0]) for row in chains)
    assert desks[0].one("select count(*) from landing.shop__orders where superseded_by is null") == 4
    assert desks[0].one("select count(*) from raw_shop.orders") == 14


def test_a_lander_does_not_overtake_a_batch_that_another_has_just_refused(new_desk: NewDesk) -> None:
    first, second = new_desk(), new_desk()
    first.land([order(1), order(2)])
    archive_only(first, [order(1) | {"amount": None}, order(2) | {"amount": None}])
    later = archive_only(second, [order(3)], kind="differential")
    pending.sync(second.connection, second.archive, "shop", "orders")  # it has read: both are pending
    assert first.extractor.land_waiting("orders").refusals[0].manifest.batch == 2
    assert one_batch.land_one(second.connection, second.archive, later, run_id="slow") is None
    assert states(first) == ["landed", "refused", "pending"]


def test_who_finds_a_batch_broken_does_not_refuse_what_another_has_landed(
    new_desk: NewDesk, tmp_path: Path
) -> None:
    desk, other = new_desk(), new_desk(bucket=tmp_path / "stale")
    manifest = archive_only(desk, [order(1)])
    assert desk.extractor.land_waiting("orders").loads
    assert one_batch.land_one(other.connection, other.archive, manifest, run_id="late") is None
    assert states(desk) == ["landed"]
    assert not desk.extractor.land_waiting("orders").loads


def test_a_batch_that_has_landed_lands_no_more(desk: Desk) -> None:
    manifest = desk.land([order(1)]).loads[0].manifest
    before = versions(desk)
    assert one_batch.land_one(desk.connection, desk.archive, manifest, run_id="again") is None
    assert (versions(desk), desk.one("select count(*) from landing.loads")) == (before, 1)


def test_a_scope_is_extracted_by_one_process_at_a_time(new_desk: NewDesk) -> None:
    """A sweep that began earlier can't overwrite what a later extraction of the scope found."""
    sweep, differential = new_desk(), new_desk()
    began, order_of_events = threading.Event(), []

    def slow() -> Iterator[dict[str, Any]]:
        began.set()
        yield order(1, 1.0)
        other_scope = new_desk().land([order(1, region="us")], region="us")  # others need not wait
        order_of_events.append(f"us landed {len(other_scope.loads)}")
        yield order(2, 1.0)
        order_of_events.append("sweep ends")

    def sweeps() -> None:
        with sweep.extractor.scope("orders", {"region": "eu"}) as start:
            sweep.extractor.extract("orders", {"region": "eu"}, start, Reading("complete", slow()))

    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(sweeps)
        assert began.wait(120)
        outcome = differential.land([order(1, 9.0), order(3)], kind="differential")
        order_of_events.append("differential landed")
        running.result()
    assert order_of_events == ["us landed 1", "sweep ends", "differential landed"]
    assert outcome.loads[0].manifest.previous is not None
    assert differential.heads()['["eu","1"]']["amount"] == 9.0
    assert len(differential.heads()) == 4


def test_whoever_lost_the_scope_is_dropped_and_whoever_lost_the_number_takes_the_next(desk: Desk) -> None:
    """Two machines saw the same archive. Clocks order nothing: the slower clock lands as it was numbered."""
    desk.land([order(1)])
    winner = archive_only(desk, [order(1, 2.0)], last_number=1, previous=1)
    with pytest.raises(BusyError, match="Another process archived batch 2"):
        archive_only(desk, [order(1, 3.0)], last_number=1, previous=1)
    long_ago = datetime.now(UTC) - timedelta(days=9)
    third = archive_only(
        desk, [order(1, region="us")], region="us", last_number=1, previous=None, extracted_until=long_ago
    )
    assert (winner.batch, third.batch) == (2, 3)
    assert [load.manifest.batch for load in desk.extractor.land_waiting("orders").loads] == [2, 3]
    assert desk.heads()['["eu","1"]']["amount"] == 2.0
