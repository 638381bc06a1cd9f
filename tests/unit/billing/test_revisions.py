from datetime import UTC, datetime, timedelta

from observes_assets.billing.files import summary_of
from observes_assets.billing.records import MonthBill, Stop
from observes_assets.billing.revisions import (
    corrected,
    difference,
    has_changed,
    month_to_date,
    with_last_figures,
)
from observes_assets.billing.rules import compute_month
from tests.unit.billing.billing_facts import author, facts, terms

CLOSES = datetime(2024, 6, 5, tzinfo=UTC)
STOP = Stop("zeta", CLOSES, "repository z/web failed: no answer")
SPANS = [terms("a"), terms("b"), terms("z", organization="zeta")]
PEOPLE = [author("a"), author("b"), author("z", "zoe@zeta.test", organization="zeta")]


def standing(bill: MonthBill, *, now: datetime = CLOSES, missing: tuple[str, ...] = ()) -> MonthBill:
    return month_to_date(bill, now=now, closes_at=CLOSES, missing=missing, code_version="c1")


def test_a_month_is_open_until_its_closing_moment() -> None:
    bill = compute_month(facts(SPANS, PEOPLE))
    early = standing(bill, now=CLOSES - timedelta(microseconds=1), missing=("a repository",))
    assert (early.status, early.revision, early.missing) == ("open", 1, ())
    assert standing(bill).status == "closed"


def test_a_month_stays_open_and_says_what_is_missing() -> None:
    late = standing(compute_month(facts(SPANS, PEOPLE)), missing=("repository acme/a/web",))
    assert (late.status, late.missing) == ("open", ("repository acme/a/web",))


def test_a_stopped_organization_keeps_the_month_open() -> None:
    late = standing(compute_month(facts(SPANS, PEOPLE, stops=(STOP,))))
    assert late.status == "open"
    assert late.missing == ("the bills of zeta are stale: repository z/web failed: no answer",)


def test_a_month_before_the_first_observation_is_never_closed() -> None:
    late = standing(compute_month(facts(SPANS, is_observed=False)))
    assert (late.status, late.revisions[0].revision) == ("not observed", 1)


def test_closing_changes_neither_directory_nor_revision() -> None:
    bill = compute_month(facts(SPANS, PEOPLE))
    before, after = standing(bill, now=CLOSES - timedelta(days=9)), standing(bill)
    assert before.revisions == after.revisions


def test_a_stopped_organization_keeps_its_last_figures() -> None:
    last = standing(compute_month(facts(SPANS, PEOPLE)))
    fewer = compute_month(facts(SPANS, PEOPLE[:1], stops=(STOP,)))
    kept = with_last_figures(fewer, last)
    assert kept.organizations[1] == last.organizations[1]
    assert kept.organizations[0] == fewer.organizations[0]
    assert kept.stops == (STOP,)
    assert not with_last_figures(fewer, None).organizations[1].is_known


def test_a_closed_month_changes_only_with_inputs_that_can_be_told() -> None:
    summary = summary_of(standing(compute_month(facts(SPANS, PEOPLE))))
    assert not has_changed(summary, compute_month(facts(SPANS, PEOPLE)))
    assert not has_changed(summary, compute_month(facts(SPANS, PEOPLE, stops=(STOP,))))
    assert not has_changed(summary, compute_month(facts(SPANS, PEOPLE[:2], stops=(STOP,))))
    assert has_changed(summary, compute_month(facts(SPANS, PEOPLE[:2])))
    assert has_changed(summary, compute_month(facts([*SPANS, terms("y", organization="ypsi")], PEOPLE)))
    assert has_changed(summary, compute_month(facts(SPANS[:2], PEOPLE[:2])))


def test_a_correction_is_the_next_revision_and_explains_itself() -> None:
    last = standing(compute_month(facts(SPANS, PEOPLE)))
    people = [author("a", name="Ana María"), author("a", "bo@acme.test"), PEOPLE[2]]
    new = corrected(compute_month(facts(SPANS, people, close_day=7)), last, code_version="c2")
    assert (new.status, new.revision, new.closes_at) == ("closed", 2, CLOSES)
    assert [each.revision for each in new.revisions] == [1, 2]
    assert new.revisions[0] == last.revisions[0]
    assert new.revisions[1].directory.startswith("r2-")
    assert new.revisions[1].difference == {
        "organizations": [
            {
                "name": "acme",
                "currency": "USD",
                "authors_before": 1,
                "authors_after": 2,
                "amount_before": "99.00",
                "amount_after": "198.00",
                "groups": [
                    {
                        "name": "a",
                        "amount_before": "49.50",
                        "amount_after": "198.00",
                        "authors_added": ["Bo <bo@acme.test>"],
                        "authors_removed": [],
                        "authors_changed": [
                            {
                                "actor": "Ana María <ana@acme.test>",
                                "fields": {
                                    "name": ["Ana", "Ana María"],
                                    "groups": [["a", "b"], ["a"]],
                                    "amount": ["49.50", "99.00"],
                                },
                            }
                        ],
                    },
                    {
                        "name": "b",
                        "amount_before": "49.50",
                        "amount_after": "0.00",
                        "authors_added": [],
                        "authors_removed": ["Ana <ana@acme.test>"],
                        "authors_changed": [],
                    },
                ],
            }
        ]
    }
    third = corrected(compute_month(facts(SPANS, PEOPLE)), new, code_version="c3")
    assert (third.revision, len(third.revisions)) == (3, 3)


def test_an_organization_or_group_that_comes_or_goes_is_a_difference() -> None:
    before = compute_month(facts(SPANS, PEOPLE))
    after = compute_month(facts(SPANS[:1], PEOPLE[:1]))
    changes = difference(before, after)["organizations"]
    assert [(each["name"], each["amount_after"]) for each in changes] == [("acme", "99.00"), ("zeta", None)]
    assert [group["name"] for group in changes[0]["groups"]] == ["a", "b"]
    assert difference(after, before)["organizations"][1]["amount_before"] is None
    assert difference(before, before) == {}
