from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from math import floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from observes_assets.billing.records import AuthorFact, MonthBill, Stop, Terms
from observes_assets.billing.rules import compute_month, split_price, terms_at
from observes_assets.errors import IntegrityError, SettingsError
from tests.unit.billing.billing_facts import BEGIN, MAY, author, facts, terms


def figures(bill: MonthBill) -> dict[str, tuple[int | None, str, dict[str, str]]]:
    return {
        each.name: (each.authors, str(each.amount), {group.name: str(group.amount) for group in each.groups})
        for each in bill.organizations
    }


def test_one_author_of_one_group_pays_the_price() -> None:
    bill = compute_month(facts([terms("storefront")], [author("storefront")]))
    assert figures(bill) == {"acme": (1, "99.00", {"storefront": "99.00"})}
    assert (bill.status, bill.revision) == ("preview", None)


def test_an_author_of_three_groups_is_one_author_whose_missing_units_go_to_the_first_groups() -> None:
    spans = [terms(group, "100.00") for group in ("c", "a", "b")]
    bill = compute_month(facts(spans, [author("b"), author("c"), author("a")]))
    assert figures(bill) == {"acme": (1, "100.00", {"a": "33.34", "b": "33.33", "c": "33.33"})}
    assert {line.groups for group in bill.organizations[0].groups for line in group.authors} == {
        ("a", "b", "c")
    }


def test_groups_at_different_prices_pay_their_own_share() -> None:
    bill = compute_month(facts([terms("a", "99.00"), terms("b", "10.01")], [author("a"), author("b")]))
    # 49.50 + 5.005: the exact total 54.505 is rounded down once
    assert figures(bill) == {"acme": (1, "54.50", {"a": "49.50", "b": "5.00"})}


@pytest.mark.parametrize(
    ("currency", "price", "shares"),
    [("JPY", "100", ["34", "33", "33"]), ("KWD", "1.000", ["0.334", "0.333", "0.333"])],
)
def test_the_minor_unit_is_the_currencys(currency: str, price: str, shares: list[str]) -> None:
    groups = ["a", "b", "c"]
    bill = compute_month(
        facts([terms(g, price, currency=currency) for g in groups], [author(g) for g in groups])
    )
    assert [str(group.amount) for group in bill.organizations[0].groups] == shares
    assert str(bill.organizations[0].amount) == price


def test_base_is_charged_once_a_group_authors_or_none() -> None:
    spans = [terms("a", base_amount=Decimal("10.00")), terms("b", base_amount=Decimal("10.00"))]
    bill = compute_month(facts(spans, [author("a"), author("a", "bo@acme.test")]))
    assert figures(bill) == {"acme": (2, "218.00", {"a": "208.00", "b": "10.00"})}


def test_an_author_of_two_organizations_is_an_author_of_each() -> None:
    spans = [terms("a"), terms("z", organization="zeta")]
    bill = compute_month(facts(spans, [author("a"), author("z", organization="zeta")]))
    assert figures(bill) == {"acme": (1, "99.00", {"a": "99.00"}), "zeta": (1, "99.00", {"z": "99.00"})}
    groups = [line.groups for org in bill.organizations for group in org.groups for line in group.authors]
    assert groups == [("a",), ("z",)]


def test_an_organization_whose_only_group_has_no_authors_is_listed() -> None:
    assert figures(compute_month(facts([terms("a")]))) == {"acme": (0, "0.00", {"a": "0.00"})}


def test_excluded_authors_make_no_group_active() -> None:
    spans = [terms("a"), terms("b")]
    authors = [author("a"), author("b", "ci@acme.test", name="ci[bot]"), author("a", "ci@acme.test")]
    bill = compute_month(facts(spans, authors, bots="exclude"))
    assert figures(bill) == {"acme": (1, "99.00", {"a": "99.00", "b": "0.00"})}


def test_minimum_commits_is_the_organizations() -> None:
    authors = [
        author("a", organization_commit_count=1),
        author("a", "bo@acme.test", organization_commit_count=2),
    ]
    assert compute_month(facts([terms("a")], authors, minimum_commits=2)).organizations[0].authors == 1


def test_prices_are_those_of_the_months_end() -> None:
    raised = datetime(2024, 5, 20, tzinfo=UTC)
    spans = [terms("a", "10.00", valid_until=raised), terms("a", "20.00", valid_from=raised)]
    april = compute_month(facts(spans, [author("a")], month=date(2024, 4, 1)))
    may = compute_month(facts(spans, [author("a")]))
    assert (str(april.organizations[0].amount), str(may.organizations[0].amount)) == ("10.00", "20.00")


def test_a_price_that_begins_with_the_next_month_is_the_next_months() -> None:
    june = datetime(2024, 6, 1, tzinfo=UTC)
    spans = [terms("a", "10.00", valid_until=june), terms("a", "20.00", valid_from=june)]
    assert str(compute_month(facts(spans, [author("a")])).organizations[0].amount) == "10.00"


def test_a_group_that_left_keeps_its_last_terms_and_is_billed_only_for_authors() -> None:
    gone = datetime(2024, 5, 20, tzinfo=UTC)
    spans = [terms("a"), terms("b", "10.00", base_amount=Decimal("5.00"), valid_until=gone)]
    with_author = compute_month(facts(spans, [author("b")]))
    assert figures(with_author) == {"acme": (1, "15.00", {"a": "0.00", "b": "15.00"})}
    assert figures(compute_month(facts(spans))) == {"acme": (0, "0.00", {"a": "0.00"})}


def test_before_the_first_portfolio_its_groups_and_prices_hold() -> None:
    later = datetime(2024, 3, 1, tzinfo=UTC)
    spans = [
        terms("a", base_amount=Decimal("1.00")),
        terms("b", "5.00", base_amount=Decimal("1.00"), valid_from=later),
    ]
    past = date(2020, 2, 1)
    assert figures(compute_month(facts(spans, month=past, rule="committed"))) == {
        "acme": (0, "1.00", {"a": "1.00"})
    }
    bill = compute_month(facts(spans, [author("b")], month=past, rule="committed"))
    assert figures(bill) == {"acme": (1, "7.00", {"a": "1.00", "b": "6.00"})}


def test_a_month_before_the_first_observation_says_so_and_owes_nothing() -> None:
    spans = [terms("a", base_amount=Decimal("10.00"))]
    bill = compute_month(facts(spans, is_observed=False))
    assert bill.status == "not observed"
    assert figures(bill) == {"acme": (0, "0.00", {"a": "0.00"})}
    assert compute_month(facts(spans, is_observed=False, rule="committed")).status == "preview"


def test_a_stopped_organization_has_no_figures_and_others_go_on() -> None:
    spans = [terms("a"), terms("z", organization="zeta")]
    stop = Stop("acme", BEGIN, "repository a/web failed: no answer")
    bill = compute_month(facts(spans, [author("a"), author("z", organization="zeta")], stops=(stop,)))
    assert figures(bill) == {"acme": (None, "None", {"a": "None"}), "zeta": (1, "99.00", {"z": "99.00"})}
    assert bill.stops == (stop,)


def test_two_currencies_stop_an_organization() -> None:
    gone = datetime(2024, 5, 20, tzinfo=UTC)
    spans = [terms("a", currency="EUR"), terms("b", currency="USD", valid_until=gone)]
    bill = compute_month(facts(spans, [author("b")]))
    assert bill.organizations[0].amount is None
    assert "EUR and USD" in bill.stops[0].why
    assert compute_month(facts(spans)).organizations[0].currency == "EUR"


def test_an_author_whose_group_never_had_terms_stops_everything() -> None:
    with pytest.raises(IntegrityError, match="no terms for group lost"):
        compute_month(facts([terms("a")], [author("lost")]))


def test_an_unknown_currency_stops_everything() -> None:
    with pytest.raises(SettingsError):
        compute_month(facts([terms("a", currency="XXX")], [author("a")]))


def test_inputs_name_what_figures_depend_on() -> None:
    base = facts([terms("a", "99.00")], [author("a")])

    def digest(changed: object) -> str:
        return compute_month(changed).organizations[0].inputs_sha256  # type: ignore[arg-type]

    same = [
        facts([terms("a", "99.0")], [author("a")]),
        facts([terms("a"), terms("z", organization="zeta")], [author("a")]),
        facts([terms("a", valid_from=datetime(2023, 1, 1, tzinfo=UTC))], [author("a")]),
        facts([terms("a")], [author("a", organization_commit_count=9)]),
        facts([terms("a")], [author("a")], close_day=5),
        replace(base, release=2),
    ]
    different = [
        facts([terms("a", "98.00")], [author("a")]),
        facts([terms("a")], [author("a", name="Anna")]),
        facts([terms("a")], [author("a", commit="b" * 40)]),
        facts([terms("a"), terms("b")], [author("a")]),
        facts([terms("a")], [author("a")], rule="committed"),
        facts([terms("a")], [author("a")], month=date(2024, 4, 1)),
    ]
    assert {digest(each) for each in same} == {digest(base)}
    assert len({digest(each) for each in [base, *different]}) == 1 + len(different)


PRICES = st.lists(st.decimals(0, 10**9, places=2), min_size=1, max_size=12)


@given(PRICES, st.sampled_from([0, 2, 3]))
def test_shares_add_up_exactly_and_differ_from_the_rounded_down_by_less_than_the_groups(
    prices: list[Decimal], digits: int
) -> None:
    shares = split_price(prices, digits)
    unit = Fraction(1, 10**digits)
    count = len(prices)
    floors = [floor(Fraction(price) / count / unit) * unit for price in prices]
    total = floor(sum(map(Fraction, prices), Fraction(0)) / count / unit) * unit
    assert sum(map(Fraction, shares)) == total
    extra = [Fraction(share) - low for share, low in zip(shares, floors, strict=True)]
    assert set(extra) <= {0, unit}
    assert sum(extra) < count * unit
    assert extra == sorted(extra, reverse=True)  # first groups first
    assert all(-share.as_tuple().exponent == digits for share in shares)  # type: ignore[operator]


@given(st.integers(0, 10**12), st.integers(1, 40))
def test_equal_prices_add_up_to_the_price(cents: int, count: int) -> None:
    price = Decimal(cents).scaleb(-2)
    shares = split_price([price] * count, 2)
    assert sum(shares) == price
    assert max(shares) - min(shares) <= Decimal("0.01")


GROUPS = {"acme": ["a", "b", "c"], "zeta": ["x", "y"]}


@st.composite
def months(draw: st.DrawFn) -> tuple[list[Terms], list[AuthorFact]]:
    amounts = st.integers(0, 20000).map(lambda cents: Decimal(cents).scaleb(-2))
    spans = [
        terms(group, str(draw(amounts)), organization=organization, base_amount=draw(amounts))
        for organization, groups in GROUPS.items()
        for group in groups
    ]
    places = [(organization, group) for organization, groups in GROUPS.items() for group in groups]
    people = st.sampled_from([f"{letter}@acme.test" for letter in "pqrs"])
    rows = draw(st.sets(st.tuples(st.sampled_from(places), people)))
    return spans, [author(group, email, organization=organization) for (organization, group), email in rows]


@given(months(), st.randoms())
def test_organizations_are_the_sum_of_their_groups_whatever_the_order_of_rows(
    month: tuple[list[Terms], list[AuthorFact]], random: object
) -> None:
    spans, authors = month
    bill = compute_month(facts(spans, authors))
    random.shuffle(authors)  # type: ignore[attr-defined]
    random.shuffle(spans)  # type: ignore[attr-defined]
    assert compute_month(facts(spans, authors)) == bill
    prices = {(span.organization, span.group): span for span in spans}
    for organization in bill.organizations:
        assert organization.amount == sum(group.amount or 0 for group in organization.groups)
        mine = [row for row in authors if row.organization == organization.name]
        assert organization.authors == len({row.email for row in mine})
        active = Counter(row.email for row in mine)
        exact = sum(
            (Fraction(prices[row.organization, row.group].author_amount) / active[row.email] for row in mine),
            Fraction(0),
        )
        base = sum(prices[organization.name, group].base_amount for group in GROUPS[organization.name])
        assert (
            0 <= exact + Fraction(base) - Fraction(organization.amount) < Fraction(max(len(active), 1), 100)
        )
        for group in organization.groups:
            lines = sum((line.amount for line in group.authors), group.base_amount)
            assert group.amount == lines


def test_terms_at_border_cases() -> None:
    spans = [terms("a", valid_until=datetime(2024, 6, 1, tzinfo=UTC))]
    end = datetime(2024, 6, 1, tzinfo=UTC)
    assert terms_at(spans, end, BEGIN) == (spans[0], True)  # left with the month's last instant behind it
    assert terms_at(spans, end.replace(day=2), BEGIN) == (spans[0], False)
    assert terms_at(spans, BEGIN, BEGIN) == (spans[0], True)
    later = [terms("a", valid_from=datetime(2024, 7, 1, tzinfo=UTC))]
    assert terms_at(later, end, BEGIN) == (later[0], False)
    assert MAY.month == 5
