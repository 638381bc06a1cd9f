"""The bucket landed again: the same versions, whatever has happened since."""

from datetime import UTC, datetime

from observes_assets import contracts
from observes_assets.archive import Decision
from observes_assets.contracts import Contract
from observes_assets.extraction import Extractor
from observes_assets.landing import one_batch, pending, rebuild
from tests.integration.landing.batches import archive_only, damage, states, versions
from tests.integration.landing.conftest import CONTRACT, Desk, order


def test_a_batch_is_always_judged_by_the_contract_it_was_extracted_under(
    desk: Desk, contract: Contract
) -> None:
    desk.land([order(1), order(2, note="fine")])
    desk.land([order(1) | {"amount": "much"}, order(2)])
    before = versions(desk)
    strict = CONTRACT.replace("logicalType: number", "logicalType: string")
    assert strict != CONTRACT
    desk.contract = contracts.parse("shop", strict.encode())

    rebuild.forget(desk.connection, {"shop": desk.contract})
    desk.extractor.land_waiting("orders")
    assert versions(desk) == before
    assert desk.one("select count(*) from landing.quarantine") == 1

    outcome = desk.land([order(2) | {"amount": "1"}, order(1)])
    assert outcome.loads[0].counts.quarantined == 1  # from the next batch on, the new one holds
    assert desk.one("select count(distinct contract_sha256) from landing.loads") == 2


def test_a_rejected_batch_never_lands_even_where_it_could(desk: Desk) -> None:
    """Its object was broken, a person rejected it, somebody restored it later: a replay must not land it."""
    desk.land([order(1)])
    bad = archive_only(desk, [order(1, 2.0)])
    path, before = damage(desk, bad, "data torn")
    desk.extractor.land_waiting("orders")
    decision = Decision(verdict="reject", who="test", why="torn", decided_at=datetime.now(UTC))
    assert desk.archive.decide(bad, decision)
    desk.land([order(1, 3.0)])
    assert states(desk) == ["landed", "rejected", "landed"]
    lived = versions(desk)

    path.write_bytes(before)
    rebuild.forget(desk.connection, {"shop": desk.contract})
    desk.extractor.land_waiting("orders")
    assert (states(desk), versions(desk)) == (["landed", "rejected", "landed"], lived)


def test_a_replay_that_was_interrupted_goes_on(desk: Desk) -> None:
    for number in range(6):
        desk.land([order(1, number), order(number + 10)], kind="differential")
    lived = versions(desk)
    rebuild.forget(desk.connection, {"shop": desk.contract})
    pending.sync(desk.connection, desk.archive, "shop", "orders")
    for manifest, _ in list(desk.archive.listing("shop", "orders", after=0))[:3]:
        one_batch.land_one(desk.connection, desk.archive, manifest, run_id="killed")
    desk.land([order(1, 5)], kind="differential")
    assert versions(desk) == lived
    assert desk.one("select min(load_id) from landing.loads") > 6  # load ids are never used twice


def test_first_seen_is_the_first_batch_that_carried_it(desk: Desk) -> None:
    """Neither a re-walk of the source, nor a tombstone, nor a rebuild moves a first-seen date."""
    first = desk.land([order(1), order(2)]).loads[0].manifest
    desk.land([order(2)])
    desk.land([order(1, 5.0), order(2)])
    desk.land([order(1, 5.0), order(2), order(3)])  # the extractor lost its memory and sent all again
    seen = """
        select record_key, extracted_until from landing.shop__orders as v
        join landing.loads as l on l.load_id = v.first_load_id where superseded_by is null order by 1
    """
    lived = desk.connection.execute(seen).fetchall()
    assert [row[1] for row in lived][:2] == [first.extracted_until] * 2
    rebuild.forget(desk.connection, {"shop": desk.contract})
    Extractor(desk.connection, desk.archive, desk.contract, run_id="rebuild").land_waiting("orders")
    assert desk.connection.execute(seen).fetchall() == lived
