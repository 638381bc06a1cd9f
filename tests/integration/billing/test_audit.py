"""Every kind of wrong bill, made on purpose: refused before it is written, found in the bucket afterwards."""

import json
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from observes_assets.billing import audit, rules
from observes_assets.billing.documents import sha256
from observes_assets.billing.records import MonthBill, MonthFacts
from observes_assets.errors import IntegrityError
from tests.integration.billing.conftest import Office
from tests.integration.billing.months import CLOSING, MAY, MID_MAY, SUMMARY, actions, closed, summary

Change = Callable[[dict[str, Any]], None]


def found(office: Office) -> set[str]:
    return {fault.check for fault in audit.audit(office.connection, office.bucket)}


def rewrite(office: Office, change: Change) -> None:
    """Change the newest revision of May as somebody would who knows how files are named."""
    document = json.loads(office.bucket.get(SUMMARY))
    revision = document["revisions"][-1]
    folder = SUMMARY.removesuffix("summary.json")
    bill = json.loads(office.bucket.get(f"{folder}{revision['directory']}/bill.json"))
    change(bill)
    data = json.dumps(bill).encode()
    directory = f"r{revision['revision']}-{sha256(data)[:16]}"
    office.bucket.put(f"{folder}{directory}/bill.json", data)
    document["directory"] = revision["directory"] = directory
    office.bucket.put(SUMMARY, json.dumps(document).encode())


def storefront(bill: dict[str, Any]) -> dict[str, Any]:
    acme = next(one for one in bill["organizations"] if one["name"] == "acme")
    return dict(next(one for one in acme["groups"] if one["name"] == "storefront")) | {"of": acme}


def owes_more(bill: dict[str, Any]) -> None:
    acme = storefront(bill)["of"]
    acme["amount"] = str(Decimal(acme["amount"]) + 1)


def loses_an_author(bill: dict[str, Any]) -> None:
    group = storefront(bill)
    gone = group["authors"].pop()
    acme = group["of"]
    acme["authors"] -= 1
    for each in [acme, *(one for one in acme["groups"] if one["name"] == "storefront")]:
        each["amount"] = str(Decimal(each["amount"]) - Decimal(gone["amount"]))


def doubles_an_author(bill: dict[str, Any]) -> None:
    group = storefront(bill)
    again = group["authors"][0]
    group["authors"].append(again)
    acme = group["of"]
    for each in [acme, *(one for one in acme["groups"] if one["name"] == "storefront")]:
        each["amount"] = str(Decimal(each["amount"]) + Decimal(again["amount"]))


@pytest.mark.parametrize(
    ("change", "check"),
    [(owes_more, audit.LINES), (doubles_an_author, audit.AUTHORS), (loses_an_author, audit.FACTS)],
)
def test_a_bill_that_was_changed_in_the_bucket_is_found(office: Office, change: Change, check: str) -> None:
    office.author("storefront")
    office.author("backend")
    office.author("storefront", "bob@acme.test")
    office.write(MID_MAY)
    assert found(office) == set()
    rewrite(office, change)
    assert found(office) == {check}


def test_what_happened_to_a_closed_month_is_found(office: Office) -> None:
    closed(office)
    office.author("storefront", "late@acme.test")
    assert actions(office.write(CLOSING))[MAY] == "corrected"
    assert found(office) == set()
    whole = office.files()
    first, last = (each["directory"] for each in summary(office)["revisions"])
    document = json.loads(whole[SUMMARY])

    def after(name: str, data: bytes | None) -> set[str]:
        if data is None:
            office.bucket.delete(name)
        else:
            office.bucket.put(name, data)
        checks = found(office)
        office.bucket.put(name, whole[name])
        return checks

    assert after(f"bills/2024/05/{first}/bill.json", None) == {audit.CLOSED}
    assert after(f"bills/2024/05/{first}/bill.json", b"{}") == {audit.CLOSED}
    assert after(f"bills/2024/05/{last}/bill.json", None) == {audit.CLOSED}
    gap = {**document, "revisions": document["revisions"][1:]}
    assert after(SUMMARY, json.dumps(gap).encode()) == {audit.CLOSED}
    record_closings(office, first)
    assert found(office) == set()
    reopened = {**document, "status": "open"}
    assert after(SUMMARY, json.dumps(reopened).encode()) == {audit.CLOSED}
    assert after(SUMMARY, None) == {audit.CLOSED}


def record_closings(office: Office, directory: str) -> None:
    office.connection.execute("create schema raw_observes create table closings (record jsonb)")
    office.connection.execute(
        "insert into raw_observes.closings values (%s)",
        [json.dumps({"month": "2024-05", "directory": directory})],
    )


# --- Before anything is written ----------------------------------------------------------------------------


def cheaper(bill: MonthBill) -> MonthBill:
    first, *others = bill.organizations
    return replace(bill, organizations=(replace(first, amount=Decimal("0.01")), *others))


def without_authors(bill: MonthBill) -> MonthBill:
    first, *others = bill.organizations
    groups = tuple(replace(group, authors=(), amount=Decimal(0)) for group in first.groups)
    return replace(bill, organizations=(replace(first, groups=groups, authors=0, amount=Decimal(0)), *others))


@pytest.mark.parametrize(("mistake", "check"), [(cheaper, audit.LINES), (without_authors, audit.FACTS)])
def test_a_mistake_of_the_rules_is_not_written(
    office: Office, monkeypatch: pytest.MonkeyPatch, mistake: Callable[[MonthBill], MonthBill], check: str
) -> None:
    def mistaken(facts: MonthFacts) -> MonthBill:
        return mistake(rules.compute_month(facts))

    office.author("storefront")
    monkeypatch.setattr("observes_assets.billing.job.compute_month", mistaken)
    with pytest.raises(IntegrityError, match="The bill of 2024-05 acme") as refused:
        office.write(MID_MAY)
    assert refused.value.remedy == f"docs/runbook.md#{check}"
    assert office.files() == {}


# --- After a failed check ----------------------------------------------------------------------------------


def test_bills_alone_wait_for_a_release_that_passes(office: Office) -> None:
    office.author("storefront")
    for state, reason in (("failed", "failed: sums_tie_out"), ("building", None), ("built", None)):
        office.connection.execute("update landing.build set state = %s, reason = %s", [state, reason])
        outcome = office.write(MID_MAY)
        assert outcome.failed
        assert outcome.blocked == (
            f"The newest build is not published: {reason or 'nobody has published it yet'}."
        )
        assert office.files() == {}
    office.connection.execute("update landing.build set state = 'published', reason = null")
    assert not office.write(MID_MAY).failed


def test_bills_that_must_be_fresh_wait_for_their_streams(office: Office) -> None:
    office.author("storefront")
    needs = {"required_fresh": {"bill": ["git.commits"]}, "fail_after_seconds": {"git/commits": 3600}}
    office.connection.execute(
        "update landing.build set state = 'published', requirements = %s", [json.dumps(needs)]
    )
    assert "bill is not made without fresh git.commits, which is stale since 2024-05" in str(
        office.write(MID_MAY).blocked
    )
    office.connection.execute("update landing.loads set extracted_until = now() where stream = 'commits'")
    assert office.write(MID_MAY).blocked is None
