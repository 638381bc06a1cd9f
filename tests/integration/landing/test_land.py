"""One batch, one transaction: versions, tombstones, quarantine, ledger."""

from typing import Any

import pytest

from tests.integration.landing.conftest import Desk, order


def counts(outcome: Any) -> tuple[int, ...]:
    (load,) = outcome.loads
    one = load.counts
    return one.read, one.written, one.unchanged, one.deleted, one.quarantined


def test_a_first_load_writes_a_version_a_record(desk: Desk) -> None:
    outcome = desk.land([order(1), order(2, note='tab\t "quote" back\\slash é')])
    assert counts(outcome) == (2, 2, 0, 0, 0)
    assert desk.heads()['["eu","2"]']["note"] == 'tab\t "quote" back\\slash é'
    assert desk.one("select is_first from landing.loads") is True


def test_the_same_records_again_write_nothing(desk: Desk) -> None:
    desk.land([order(1), order(2)])
    outcome = desk.land([order(2), order(1)])
    assert counts(outcome) == (2, 0, 2, 0, 0)
    assert desk.one("select count(*) from raw_shop.orders") == 2
    assert desk.one("select array_agg(is_first order by load_id) from landing.loads") == [True, False]


def test_a_changed_record_supersedes_its_head(desk: Desk) -> None:
    desk.land([order(1), order(2)])
    outcome = desk.land([order(1, 5.0), order(2), order(3)])
    assert counts(outcome) == (3, 2, 1, 0, 0)
    assert desk.heads()['["eu","1"]']["amount"] == 5.0
    first = desk.connection.execute(
        "select record_key, load_id, superseded_by, first_load_id from landing.shop__orders order by 1, 2"
    ).fetchall()
    assert first == [
        ('["eu","1"]', 1, 2, 1),
        ('["eu","1"]', 2, None, 1),
        ('["eu","2"]', 1, None, 1),
        ('["eu","3"]', 2, None, 2),
    ]


def test_a_complete_batch_buries_what_it_lacks_and_only_in_its_scope(desk: Desk) -> None:
    desk.land([order(1), order(2)])
    desk.land([order(1, region="us")], region="us")
    outcome = desk.land([order(2)])
    assert counts(outcome) == (1, 0, 1, 1, 0)
    assert set(desk.heads()) == {'["eu","2"]', '["us","1"]'}
    assert (
        desk.one(
            "select content_load_id from landing.shop__orders where is_deleted and record_key = %s",
            ['["eu","1"]'],
        )
        == 1
    )


def test_a_differential_batch_buries_nothing(desk: Desk) -> None:
    desk.land([order(1), order(2)])
    assert counts(desk.land([order(2, 7.0)], kind="differential")) == (1, 1, 0, 0, 0)
    assert counts(desk.land([], kind="differential")) == (0, 0, 0, 0, 0)
    assert len(desk.heads()) == 2


def test_a_buried_record_comes_back_with_its_first_load(desk: Desk) -> None:
    desk.land([order(1), order(2)])
    desk.land([order(2)])
    assert counts(desk.land([order(1), order(2)])) == (2, 1, 1, 0, 0)
    assert (
        desk.one(
            "select first_load_id from landing.shop__orders where superseded_by is null and record_key = %s",
            ['["eu","1"]'],
        )
        == 1
    )


@pytest.mark.parametrize("before", [[], [order(1, 9.0)]], ids=["fresh", "with heads"])
def test_of_duplicates_the_last_wins(desk: Desk, before: list[Any]) -> None:
    if before:
        desk.land(before)
    desk.land([order(1, 1.0), order(2), order(1, 2.0), order(1, 3.0)])
    assert desk.heads()['["eu","1"]']["amount"] == 3.0
    assert (
        desk.one(
            "select count(*) from raw_shop.orders where load_id = (select max(load_id) from landing.loads)"
        )
        == 2
    )


def test_a_refused_record_is_quarantined_and_counts_as_present(desk: Desk) -> None:
    desk.land([order(1), order(2)])
    outcome = desk.land([order(1) | {"amount": "much"}, order(2)])
    assert counts(outcome) == (2, 0, 1, 0, 1)
    assert set(desk.heads()) == {'["eu","1"]', '["eu","2"]'}
    line, key, path, reason = desk.one("select line, record_key, path, reason from landing.quarantine")
    assert (line, key, path) == (1, '["eu","1"]', "$.amount")
    assert "much" not in reason
    assert "str" in reason


def test_an_unreadable_key_switches_tombstones_off(desk: Desk) -> None:
    desk.land([order(1), order(2)])
    outcome = desk.land([{"region": "eu", "amount": 1}])
    assert counts(outcome) == (1, 0, 0, 0, 1)
    assert len(desk.heads()) == 2


def test_too_many_refused_records_refuse_the_batch(desk: Desk) -> None:
    desk.land([order(1)])
    outcome = desk.land([order(1) | {"amount": None}, order(2) | {"amount": None}, order(3)])
    assert not outcome.loads
    assert outcome.refusals[0].reason == "2 of 3 records break the contract, 1 may"
    assert desk.one("select jsonb_array_length(samples) from landing.refusals") == 2
    assert desk.one("select count(*) from landing.quarantine") == 0
    assert len(desk.heads()) == 1


def test_too_many_vanished_keys_refuse_the_batch(desk: Desk) -> None:
    desk.land([order(number) for number in range(4)])
    assert counts(desk.land([order(0), order(1)])) == (2, 0, 2, 2, 0)
    outcome = desk.land([order(9)])
    assert outcome.refusals[0].reason == "2 of 2 keys would vanish, at most 50% may"


def test_a_record_outside_the_scope_is_refused(desk: Desk) -> None:
    outcome = desk.land([order(1), order(2, region="us")])
    assert counts(outcome) == (2, 1, 0, 0, 1)
    assert desk.one("select path, reason from landing.quarantine") == (
        "$.region",
        "is outside the batch's scope",
    )


@pytest.mark.parametrize(
    "number",
    ["123456789012345678901234567890", "12345678901234567.25", "1.10", "1E+5", "-0.0"],
)
def test_numbers_land_as_they_were_sent(desk: Desk, number: str) -> None:
    desk.land([b'{"region": "eu",\t"order_id": "1", "amount": %s}' % number.encode()])
    expected = desk.one("select %s::text::jsonb::text", [number])
    assert desk.one("select record ->> 'amount' from raw_shop.orders") == expected


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (b'{"region":"eu","order_id":"1","amount":1,"note":"\\u0000"}', "holds \\u0000"),
        (b'{"region":"eu","order_id":"1","amount":1,"note":"\\ud800"}', "not valid JSON"),
        (b'{"region":"eu","order_id":"1","amount":NaN}', "not valid JSON"),
        (b'{"region":"eu","order_id":"1","amount":1e400}', "not valid JSON"),
        (b'{"region":"eu","order_id":"1","amount":1,"note":"\xff"}', "not valid JSON"),
        (b'{"region":"eu","order_id":"1","amount":1,"more":"\xff"}', "not valid JSON"),
        (b'{"a":' * 5000 + b"1" + b"}" * 5000, "not valid JSON"),
        (b"[]", "Expected `object`"),
        (b"", "not valid JSON"),
    ],
)
def test_what_postgres_or_json_cannot_hold_goes_to_quarantine(
    desk: Desk, document: bytes, reason: str
) -> None:
    outcome = desk.land([document, order(2)])
    assert counts(outcome) == (2, 1, 0, 0, 1)
    assert reason in desk.one("select reason from landing.quarantine")
    outcome = desk.land([document, order(2), order(3)])  # beside a head that stands
    assert counts(outcome) == (3, 1, 1, 0, 1)
    assert desk.one("select count(*) from landing.quarantine where reason ^@ %s", [reason]) == 2


def test_an_escaped_backslash_before_u0000_is_no_nul(desk: Desk) -> None:
    desk.land([b'{"region":"eu","order_id":"1","amount":1,"note":"\\\\u0000"}'])
    assert desk.one("select record ->> 'note' from raw_shop.orders") == "\\u0000"


def test_duplicate_keys_and_ten_megabytes_land(desk: Desk) -> None:
    desk.land([order(1, note="x" * 10_000_000), b'{"region":"eu","order_id":"2","amount":1,"amount":2}'])
    assert desk.one("select length(record ->> 'note') from raw_shop.orders where line = 1") == 10_000_000
    assert desk.heads()['["eu","2"]']["amount"] == 2


def test_a_new_field_lands_as_it_is(desk: Desk) -> None:
    desk.land([order(1, brand_new={"deep": [1, None]})])
    assert desk.one("select record -> 'brand_new' from raw_shop.orders") == {"deep": [1, None]}
