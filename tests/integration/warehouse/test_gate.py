"""The gate, from every side: what is not whole, not tested, not fresh or not enough is not published."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from observes_assets import contracts
from observes_assets.archive import Archive
from observes_assets.bucket import open_bucket
from observes_assets.errors import PublishRefusedError
from observes_assets.landing import tables
from observes_assets.postgres.roles import PUBLISHER, acting
from observes_assets.warehouse import build, gate, holding, publish, retention
from tests.integration.landing.conftest import CONTRACT, Desk, order
from tests.integration.warehouse.conftest import PASSED, REQUIRED, House

DAY = 24 * 3600.0
ACCEPTED = {"who": "ann", "why": "they were deleted on purpose"}


def refusal(house: House, **more: Any) -> str:
    with pytest.raises(PublishRefusedError) as refused:
        publish.publish_candidate(house.connection, house.installation.bucket, **more)
    return str(refused.value)


def required(**more: Any) -> gate.Requirements:
    return msgspec.structs.replace(REQUIRED, **more)


# --- Whole -------------------------------------------------------------------------------------------------

TAMPERED = {
    "update landing.build set as_of = as_of + 1": "not of the build that is written down",
    "update landing.build set invocation_id = 'another'": "not of the build that is written down",
    "update landing.build set requirements = '{}'": "not of the build that is written down",
    "drop table candidate.beta": "lacks beta",
    "drop table candidate.beta; create table candidate.beta as select 2 as number": "Made anew .*beta",
    "truncate candidate.beta": "Made anew .*beta",
    "update landing.check_results set status = 'fail' where is_blocking": "failed: alpha_is_unique",
    "update landing.check_results set status = 'warn' where is_blocking": "failed: alpha_is_unique",
    "delete from landing.check_results": r"failed: alpha_is_unique \(never run\)",
    "update landing.check_results set invocation_id = invocation_id || '!'": r"alpha_is_unique \(never run\)",
    "insert into landing.check_results select invocation_id, 'one_more', true, 'error' from landing.build": (
        "failed: one_more"
    ),
}


def test_what_is_not_exactly_what_was_built_and_tested_is_refused(house: House) -> None:
    house.release(1)
    house.build(2)
    for statement, said in TAMPERED.items():
        with house.connection.transaction(force_rollback=True):
            house.connection.execute(statement)
            with pytest.raises(PublishRefusedError, match=said), house.connection.transaction():
                publish._require_publishable(house.connection, None)
    assert house.one("select number from warehouse.alpha") == 1
    assert publish.publish_candidate(house.connection, house.installation.bucket).number == 2


def test_a_required_check_that_never_ran_fails_the_build(house: House) -> None:
    house.build(1, required=required(checks=["alpha_is_unique", "sums_tie_out"]))
    assert house.one("select state, reason from landing.build") == ("failed", "failed: sums_tie_out")
    assert "failed: sums_tie_out" in refusal(house)


# --- Rows from release to release --------------------------------------------------------------------------


def test_a_mart_that_lost_its_rows_is_published_only_if_a_person_says_so(house: House) -> None:
    bound = required(lost_shares={"alpha": 0.5, "beta": 0.5})
    house.release(1, rows=100, required=bound)
    house.release(2, rows=50, required=bound)
    house.release(3, rows=41, required=bound)
    house.build(4, rows=20, required=bound)
    assert "lost more" in refusal(house)
    assert "alpha (expected about 41 rows, found 20)" in refusal(house)
    assert house.one("select number from warehouse.alpha limit 1") == 3
    with acting(house.connection, PUBLISHER):
        release = holding.accept_loss(house.installation, house.connection, **ACCEPTED)
    decision = house.one("select record from raw_observes.decisions")
    assert (decision["verdict"], decision["why"], decision["batch"]) == ("accept", ACCEPTED["why"], None)
    assert release.record["accepted_loss"]["who"] == "ann"
    assert [one.split()[0] for one in release.record["accepted_loss"]["marts"]] == ["alpha", "beta"]
    assert house.release(5, rows=10, required=bound).number == 5  # ten may always go


def test_what_a_person_accepts_is_lost_rows_and_nothing_else(house: House) -> None:
    house.build(1, results=(replace(PASSED, status="fail"),))
    assert "failed: alpha_is_unique" in refusal(house, accepted_loss=dict(ACCEPTED))


# --- Stale streams -----------------------------------------------------------------------------------------


@pytest.fixture
def desk(house: House, tmp_path: Path) -> Desk:
    contract = contracts.parse("shop", CONTRACT.encode())
    tables.create(house.connection, contract.streams["orders"])
    return Desk(house.connection, Archive(open_bucket(str(tmp_path / "shop")), code_version="test"), contract)


def test_an_incident_of_one_source_is_named_and_stops_only_what_can_t_do_without(
    house: House, desk: Desk
) -> None:
    fresh = required(fail_after_seconds={"shop/orders": DAY, "shop/refunds": DAY})
    needed = required(
        fail_after_seconds=fresh.fail_after_seconds, required_fresh={"beta": ["shop.orders"], "bill": ["x.y"]}
    )
    desk.land([order(1), order(2)])
    read_until = house.one("select extracted_until from landing.loads").isoformat()
    never = {"since": None, "why": "it never loaded"}
    assert house.release(1, required=needed).record["stale"] == {"shop/refunds": never}

    desk.land([])  # everything would vanish: refused
    stale = {"since": read_until, "why": "1 batches wait for a decision"}
    assert house.release(2, required=fresh).record["stale"] == {"shop/orders": stale, "shop/refunds": never}
    house.build(3, required=needed)
    assert "beta is not made without fresh shop.orders, which is stale since" in refusal(house)

    house.connection.execute("update landing.batches set state = 'rejected' where batch = 2")
    house.connection.execute("update landing.loads set extracted_until = now() - interval '25 hours'")
    assert "longer ago than the contract allows" in refusal(house)
    desk.land([order(1), order(2)])
    assert "longer ago than the contract allows" in refusal(house)  # the candidate is as of before
    house.build(3, required=needed)
    assert publish.publish_candidate(house.connection, house.installation.bucket).number == 3


def test_a_stream_that_was_read_well_and_had_nothing_new_is_fresh(house: House, desk: Desk) -> None:
    bound = required(fail_after_seconds={"shop/orders": DAY}, required_fresh={"beta": ["shop.orders"]})
    desk.land([order(1)])
    house.connection.execute("update landing.loads set extracted_until = now() - interval '25 hours'")
    house.build(1, required=bound)
    assert "longer ago" in refusal(house)
    house.connection.execute(
        """
        insert into landing.attempts (source, stream, load_id, last_at, last_good_at, failure_count, run_id)
        values ('shop', 'orders', 1, now(), now(), 0, '')
        """
    )
    assert publish.publish_candidate(house.connection, house.installation.bucket).record["stale"] == {}


def test_raw_streams_that_are_not_whole_stop_the_release(house: House, desk: Desk) -> None:
    sources = {"shop": desk.contract}
    desk.land([order(1)])
    assert [one.has_passed for one in build.examine_raw(house.connection, sources)] == [True]
    desk.land([order(1), order(2)])
    house.connection.execute("delete from raw_shop.orders where load_id = 2")
    (found,) = build.examine_raw(house.connection, sources)
    assert (found.name, found.is_blocking, found.status) == ("structure of shop/orders", True, "fail")
    house.build(1, required=required(checks=[found.name]), results=(found,))
    assert "failed: structure of shop/orders" in refusal(house)


# --- Afterwards --------------------------------------------------------------------------------------------


def test_results_go_with_their_releases(house: House) -> None:
    for number in range(1, 6):
        house.release(number)
    house.build(6, results=(replace(PASSED, status="fail"),))
    retention.drop_old_releases(house.connection)
    kept = house.connection.execute("select invocation_id from landing.check_results order by 1").fetchall()
    assert [row[0].partition(",")[0] for row in kept] == [f"invocation {number}" for number in (3, 4, 5, 6)]
