"""The sandbox's Zoho answers as the real one does, where that is odd too."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import pytest

from observes_assets.sandbox import World
from observes_assets.sandbox.company import Company, crm
from observes_assets.sandbox.company.entries import Entry
from observes_assets.sandbox.zoho import Zoho, jobs, serving
from observes_assets.sandbox.zoho.names import entry_id
from tests.integration.sandbox.zoho_caller import AT, BULK, Caller, code, since

DEALS = "/crm/v8/Deals/deleted"


@pytest.fixture(scope="module")
def looked_at() -> Iterator[Caller]:
    """Nobody changes anything here."""
    with serving(World(at=AT)) as server:
        server.jobs.seconds = 0
        server.limits.downloads = 1000
        yield Caller(server)
    assert not server.failures


@pytest.fixture
def caller(zoho: Zoho) -> Caller:
    return Caller(zoho)


def boss(company: Company) -> crm.Person:
    return company.people["kira-novak"]


def a_deal(company: Company) -> Entry:
    return next(iter(company.crm.entries["Deals"].values()))


def test_a_job_goes_through_its_states_and_has_a_result_at_the_end(
    zoho: Zoho, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1_800_000_000.0
    monkeypatch.setattr(jobs, "time", SimpleNamespace(time=lambda: now))
    zoho.jobs.seconds = 3
    job, states = caller.job("Products"), []
    for _ in range(4):
        said = caller.state(job)
        assert ("result" in said) == (said["state"] == "COMPLETED")
        states.append(said["state"])
        now += 1
    assert states == ["ADDED", "QUEUED", "IN PROGRESS", "COMPLETED"]
    assert said["result"]["download_url"] == f"{BULK}/{job}/result"
    assert len(job) == 19
    assert caller.get(f"{BULK}/{job}x/result").status_code == 404


@pytest.mark.parametrize("fate", ["QUEUED", "FAILURE", "FAILED", "RESTING"])
def test_a_job_can_have_another_end(zoho: Zoho, caller: Caller, fate: str) -> None:
    zoho.jobs.fates["Deals"] = fate
    job, other = caller.job("Deals"), caller.job("Leads")
    zoho.jobs.fates.clear()
    assert caller.state(job)["state"] == fate
    assert "result" not in caller.state(job)
    assert code(caller.get(f"{BULK}/{job}/result")) == "RESOURCE_NOT_FOUND"
    assert caller.state(other)["state"] == "COMPLETED"


def test_rows_are_text_as_zoho_writes_it(looked_at: Caller) -> None:
    deals = looked_at.read("Deals")
    one = next(row for row in deals if row["Stage"] == "Negotiation/Review" or row["Stage"] == "Closed Won")
    assert one["Description"] == 'First thoughts:\n- price, "all in"\n- who signs?'
    assert one["Account_Name"].startswith("487687600000100")
    assert one["Amount"] == format(float(one["Amount"]), ".2f")
    assert {row["Modified_Time"][-6:] for row in deals} == {"+01:00", "+02:00"}
    assert any(row["Renewal"] == "true" for row in deals)
    assert all("\r\n" in row["Description"] for row in looked_at.read("Leads"))
    assert looked_at.read("Deals", fields=["Stage", "id"])[0].keys() == {"id", "Stage"}
    assert list(looked_at.read("Deals", fields=["Stage"])[0]) == ["id", "Stage"]


def test_columns_come_with_time(zoho: Zoho, caller: Caller) -> None:
    zoho.world.set_clock(AT - timedelta(days=150))
    assert "Renewal" not in caller.read("Deals")[0]
    names = {
        one["api_name"]: one for one in caller.get("/crm/v8/settings/fields", module="Deals").json()["fields"]
    }
    assert "Renewal" not in names
    zoho.world.set_clock(AT)
    names = {
        one["api_name"]: one for one in caller.get("/crm/v8/settings/fields", module="Deals").json()["fields"]
    }
    assert names["Renewal"]["custom_field"]
    assert {"id", *names} == set(caller.read("Deals")[0])


def test_criteria_cut_a_module_into_slices(looked_at: Caller) -> None:
    moments = [f"2026-{month:02}-01T00:00:00+00:00" for month in (1, 5, 8, 10, 11)]
    whole = looked_at.read("Deals")
    slices = [
        looked_at.read(
            "Deals",
            criteria={"group_operator": "and", "group": [since(first), since(last, "less_than")]},
        )
        for first, last in pairwise(moments)
    ]
    assert sorted(row["id"] for one in slices for row in one) == sorted(row["id"] for row in whole)
    assert all(slices)
    between = since([moments[1], moments[2]], "between")  # type: ignore[arg-type]
    assert {row["id"] for row in looked_at.read("Deals", criteria=between)} == {
        row["id"] for row in slices[1]
    }
    won = {"field": {"api_name": "Stage"}, "comparator": "in", "value": ["Closed Won"]}
    lost = {"field": {"api_name": "Probability"}, "comparator": "less_than", "value": 1}
    either = looked_at.read("Deals", criteria={"group_operator": "or", "group": [won, lost]})
    assert {row["Stage"] for row in either} >= {"Closed Won", "Closed Lost"}
    assert {row["Probability"] for row in either} == {"0", "100"}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"criteria": since("2026-01-01T00:00:00")}, "FIELD_AND_VALUE_IN_CRITERIA_NOT_COMPATIBLE"),
        ({"criteria": since("yesterday")}, "FIELD_AND_VALUE_IN_CRITERIA_NOT_COMPATIBLE"),
        ({"criteria": since("2026-01-01T00:00:00Z", "after")}, "INVALID_CRITERIA"),
        (
            {"criteria": since("2026-01-01T00:00:00Z") | {"field": {"api_name": "Nope"}}},
            "FIELD_IN_CRITERIA_NOT_AVAILABLE",
        ),
        ({"fields": ["Stage", "Nope"]}, "FIELD_NOT_AVAILABLE"),
        ({"page": 51}, "PAGE_RANGE_EXCEEDED"),
        ({"page_token": "0001"}, "INVALID_REQUEST"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_a_list(
    looked_at: Caller, query: dict[str, object], expected: str
) -> None:
    answer = looked_at.ask("Deals", **query)
    assert (answer.status_code, code(answer)) == (400, expected)
    assert answer.json()["data"][0]["status"] == "error"


def test_unknown_and_unsupported_modules_are_refused(looked_at: Caller) -> None:
    assert code(looked_at.ask("Nope")) == "MODULE_NOT_AVAILABLE"
    assert code(looked_at.ask("Notes")) == "MODULE_NOT_SUPPORTED"


def test_pages_are_jobs_at_different_times(zoho: Zoho, caller: Caller) -> None:
    """A record that vanishes between two pages takes another one along."""
    zoho.jobs.per_page = 10
    everything = [row["id"] for page in (1, 2, 3) for row in caller.read("Deals", page=page)]
    job = caller.job("Deals")
    result = caller.state(job)["result"]
    first = [row["id"] for row in caller.rows(job)]
    assert (result["count"], result["more_records"]) == (10, True)
    gone = first[3]
    zoho.world.change(
        lambda company: crm.delete(
            company,
            next(one for one in company.crm.entries["Deals"].values() if entry_id(one) == gone),
            boss(company),
        )
    )
    second = [row["id"] for row in caller.read("Deals", page_token=result["next_page_token"])]
    assert second == everything[11:21]
    assert set(everything) - set(first) - set(second) >= {everything[10]}


def test_an_empty_module_has_a_header_only(zoho: Zoho, caller: Caller) -> None:
    zoho.world.change(lambda company: company.crm.entries["Price_Books"].clear())
    job = caller.job("Price_Books")
    assert caller.state(job)["result"]["count"] == 0
    assert caller.rows(job) == []


def test_results_are_kept_for_a_day_and_jobs_for_a_week(zoho: Zoho, caller: Caller) -> None:
    job = caller.job("Deals")
    zoho.world.set_clock(AT + timedelta(hours=23))
    assert caller.rows(job)
    zoho.world.set_clock(AT + timedelta(hours=25))
    assert caller.state(job)["state"] == "COMPLETED"
    assert code(caller.get(f"{BULK}/{job}/result")) == "RESOURCE_NOT_FOUND"
    zoho.world.set_clock(AT + timedelta(days=8))
    assert code(caller.get(f"{BULK}/{job}")) == "RESOURCE_NOT_FOUND"


def test_a_job_and_a_token_outlive_the_server(tmp_path: Path) -> None:
    with serving(World(at=AT), folder=tmp_path) as first:
        caller = Caller(first)
        first.jobs.seconds = 0
        job = caller.job("Vendors")
        before = caller.rows(job)
    with serving(World(at=AT), folder=tmp_path) as caller.zoho:
        caller.zoho.jobs.seconds = 0
        assert caller.rows(job) == before
        assert caller.job("Vendors") != job


def test_deletions_are_told_by_page_kind_and_moment(zoho: Zoho, caller: Caller) -> None:
    told = caller.get(DEALS).json()
    assert told["info"] == {"per_page": 200, "count": len(told["data"]), "page": 1, "more_records": False}
    moments = [datetime.fromisoformat(one["deleted_time"]) for one in told["data"]]
    assert moments == sorted(moments, reverse=True)
    assert {one["type"] for one in told["data"]} == {"recycle", "permanent"}
    kinds = [caller.get(DEALS, type=kind).json()["data"] for kind in ("recycle", "permanent")]
    assert sorted(one["id"] for kind in kinds for one in kind) == sorted(one["id"] for one in told["data"])
    page = caller.get(DEALS, per_page=1).json()
    assert (page["data"], page["info"]["more_records"]) == (told["data"][:1], True)
    assert caller.get(DEALS, per_page=1, page=len(moments) + 1).status_code == 204
    later = {"If-Modified-Since": moments[0].isoformat()}
    assert [one["id"] for one in caller.get(DEALS, headers=later).json()["data"]] == [told["data"][0]["id"]]
    nothing = caller.get(DEALS, headers={"If-Modified-Since": AT.isoformat()})
    assert (nothing.status_code, nothing.content) == (304, b"")
    assert caller.get("/crm/v8/Tasks/deleted").status_code == 204
    assert {code(caller.get(DEALS, per_page=201)), code(caller.get(DEALS, type="any"))} == {"INVALID_DATA"}
    assert code(caller.get("/crm/v8/Nope/deleted")) == "INVALID_MODULE"


def test_what_is_restored_is_no_longer_deleted_and_says_nothing_of_it(zoho: Zoho, caller: Caller) -> None:
    before = caller.read("Deals")
    one = a_deal(zoho.world.company)
    zoho.world.change(lambda company: crm.delete(company, a_deal(company), boss(company)))
    assert entry_id(one) in {gone["id"] for gone in caller.get(DEALS).json()["data"]}
    zoho.world.change(
        lambda company: crm.restore(company, max(company.crm.deletions.values(), key=_at).entry)
    )
    assert entry_id(one) not in {gone["id"] for gone in caller.get(DEALS).json()["data"]}
    assert sorted(caller.read("Deals"), key=_id) == sorted(before, key=_id)


def _at(one: crm.Deletion) -> datetime:
    return one.deleted_at


def _id(row: dict[str, str]) -> str:
    return row["id"]


def test_some_changes_leave_no_moment(zoho: Zoho, caller: Caller) -> None:
    """What is computed, and what refers to what is gone: only a full read finds them."""
    before = {row["id"]: row for row in caller.read("Accounts")}
    deal = next(
        one for one in zoho.world.company.crm.entries["Deals"].values() if 0 < one.values["Probability"] < 100
    )
    account = entry_id(deal.values["Account_Name"])
    zoho.world.change(
        lambda company: crm.change(
            company, company.crm.entries["Deals"][deal.id], boss(company), Stage="Closed Won", Probability=100
        )
    )
    after = {row["id"]: row for row in caller.read("Accounts")}
    assert int(after[account]["Open_Deals"]) == int(before[account]["Open_Deals"]) - 1
    assert after[account]["Modified_Time"] == before[account]["Modified_Time"]
    lead = next(one for one in zoho.world.company.crm.entries["Leads"].values() if not one.is_converted)
    zoho.world.change(
        lambda company: crm.convert(company, company.crm.entries["Leads"][lead.id], boss(company))
    )
    assert entry_id(lead) not in {row["id"] for row in caller.read("Leads")}
    leads = caller.get("/crm/v8/Leads/deleted").json()["data"]
    assert entry_id(lead) not in {gone["id"] for gone in leads}


def test_who_was_deleted_is_not_among_all_users(looked_at: Caller) -> None:
    def emails(**query: object) -> set[str]:
        return {
            one["email"].partition("@")[0] for one in looked_at.get("/crm/v8/users", **query).json()["users"]
        }

    assert emails(type="CurrentUser") == {"kira-novak"}
    assert emails() == emails(type="ActiveUsers") | emails(type="DeactiveUsers")
    assert "dov-perl" in emails(type="DeactiveUsers")
    assert emails(type="DeletedUsers") == {"hugo-marin"}
    assert len(emails(per_page=5, page=2)) == 5


def test_the_same_moment_is_the_same_answer_everywhere(zoho: Zoho, caller: Caller) -> None:
    with serving(World(at=AT - timedelta(days=90))) as other:
        other.jobs.seconds = 0
        asked = Caller(other)
        assert asked.read("Deals") != caller.read("Deals")
        other.world.set_clock(AT)
        for module in ("Deals", "Accounts", "Contacts", "Tasks", "Cases"):
            assert asked.read(module) == caller.read(module)
        assert asked.get(DEALS).json() == caller.get(DEALS).json()
