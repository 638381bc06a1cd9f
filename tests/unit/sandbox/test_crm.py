"""The company sells, and its CRM holds what makes an extract and pipeline metrics hard."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from observes_assets.sandbox import World
from observes_assets.sandbox.company import ORGANIZATION, Company, crm
from observes_assets.sandbox.company.entities import Person
from observes_assets.sandbox.company.entries import Entry
from observes_assets.sandbox.story import FOUNDED_AT, sales

AT = datetime(2026, 11, 16, 9, tzinfo=UTC)


@pytest.fixture(scope="module")
def company() -> Company:
    return World(at=AT).company


def entries(company: Company) -> list[Entry]:
    return [one for found in company.crm.entries.values() for one in found.values()]


def fingerprint(company: Company) -> Iterator[Any]:
    """Everything that the CRM could show, comparable."""
    for one in entries(company):
        said = {name: _plain(value) for name, value in one.values.items()}
        yield one.id, one.module, said, one.owner.login, one.modified_by.login, one.modified_at
    for gone in company.crm.deletions.values():
        yield gone.entry.id, gone.deleted_at, gone.is_permanent


def _plain(value: Any) -> Any:
    return value.id if isinstance(value, Entry | Person) else value


def test_the_way_of_the_clock_does_not_matter() -> None:
    in_steps = World(at=FOUNDED_AT)
    while in_steps.now < AT:
        in_steps.set_clock(min(AT, in_steps.now + timedelta(hours=61, minutes=7)))
    there_and_back = World(at=AT + timedelta(days=60))
    there_and_back.set_clock(AT)
    expected = list(fingerprint(World(at=AT).company))
    assert list(fingerprint(in_steps.company)) == list(fingerprint(there_and_back.company)) == expected
    assert expected != list(fingerprint(World(2, at=AT).company))


def test_every_module_has_some_and_none_has_many(company: Company) -> None:
    counts = {name: len(found) for name, found in company.crm.entries.items()}
    assert len(counts) == 18
    assert all(1 <= count <= 100 for count in counts.values())


def test_the_customers_from_the_start_stay_and_have_the_same_ids_in_every_world(company: Company) -> None:
    for seed in (1, 2, 3):
        found = World(seed, at=AT).company.crm.entries["Accounts"]
        names = [found[number].values["Account_Name"] for number in (10, 12, 14, 16, 18, 20)]
        assert names == [name for name, _, _ in sales.CUSTOMERS]
    billed = {name for _, _, name in sales.CUSTOMERS} - {None}
    assert billed == {"demo", "yours", ORGANIZATION}


def test_deals_move_and_end_in_every_way(company: Company) -> None:
    stages = {one.values["Stage"] for one in company.crm.entries["Deals"].values()}
    assert {"Closed Won", "Closed Lost"} <= stages
    assert len(stages & {name for name, _ in sales.STAGES}) > 1
    assert stages <= {name for name, _ in sales.STAGES} | {
        "Closed Won",
        "Closed Lost",
        "Closed Lost to Competition",
    }
    assert {one.values["Currency"] for one in company.crm.entries["Deals"].values()} == {"USD", "EUR"}
    assert len(company.crm.entries["Invoices"]) <= len(company.crm.entries["Quotes"])


def test_owners_are_people_who_commit_and_some_have_left(company: Company) -> None:
    owners = {one.owner.login for one in entries(company)}
    assert owners == set(sales.SELLERS)
    committed = {one.author.login for each in company.repositories for one in each.commits.values()}
    assert owners <= committed
    assert any(one.owner.is_deleted for one in company.crm.entries["Deals"].values())


def test_records_vanish_in_every_way(company: Company) -> None:
    gone = company.crm.deletions.values()
    assert {one.entry.module for one in gone} >= {"Accounts", "Deals", "Leads"}
    assert {one.is_permanent for one in gone} == {True, False}
    assert all(AT - one.deleted_at < timedelta(days=145) for one in gone)
    assert any(one.is_converted for one in company.crm.entries["Leads"].values())


def test_a_merge_points_what_belonged_to_the_duplicate_to_the_other_one() -> None:
    world = World(at=AT)
    found = world.company.crm.entries
    kept, duplicate = list(found["Accounts"].values())[:2]
    contacts = [one for one in found["Contacts"].values() if one.values["Account_Name"] is duplicate]
    moments = [one.modified_at for one in contacts]
    crm.merge(world.company, kept, duplicate, kept.owner)
    assert contacts
    assert all(one.values["Account_Name"] is kept for one in contacts)
    assert [one.modified_at for one in contacts] == moments
    assert world.company.crm.deletions[duplicate.id].is_permanent


def test_columns_are_added_with_time() -> None:
    def columns(at: datetime) -> list[str]:
        return [one.name for one in World(at=at).company.crm.columns]

    assert columns(datetime(2026, 6, 1, tzinfo=UTC)) == []
    assert columns(datetime(2026, 7, 1, tzinfo=UTC)) == ["Renewal"]
    assert columns(AT) == ["Renewal", "Segment"]
