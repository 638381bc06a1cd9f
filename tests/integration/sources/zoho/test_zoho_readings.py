"""Readings from the asking to the landing: what changed, what is gone, what failed, what a kill leaves."""

import io
import zipfile
from datetime import timedelta
from typing import Any

import orjson
import pytest

from observes_assets.installation import Installation
from observes_assets.landing.rebuild import forget
from observes_assets.sandbox.company import Company, crm
from observes_assets.sandbox.company.entries import Entry
from observes_assets.sandbox.messages import Answer
from observes_assets.sandbox.zoho import Zoho, catalogue
from observes_assets.sandbox.zoho.messages import no_such_module, refused_job
from observes_assets.sandbox.zoho.names import entry_id
from observes_assets.sandbox.zoho.records import shown
from observes_assets.sources.zoho import reading
from observes_assets.sources.zoho.failures import NoAccessError, StoppedError
from observes_assets.sources.zoho.preparation import Purse
from observes_assets.sources.zoho.preview import preview
from observes_assets.sources.zoho.recording import Exports
from tests.integration.sources.zoho.conftest import Clock, Desk


def leads(company: Company) -> list[Entry]:
    return [one for one in company.crm.entries["Leads"].values() if not one.is_converted]


def later(vendor: Zoho, **more: float) -> None:
    """Time passes in the world, and nobody there does anything."""
    company = vendor.world.company
    company.now += timedelta(**(more or {"hours": 2}))


def edit(vendor: Zoho, entry: Entry, **values: Any) -> None:
    crm.change(vendor.world.company, entry, entry.owner, **values)


def test_the_first_reading_is_of_everything_and_the_next_of_what_changed(desk: Desk, vendor: Zoho) -> None:
    asked, done = desk.read()
    assert (asked.asked, done.taken) == (["Leads", "Deals"], ["Leads", "Deals"])
    assert desk.standing("leads").keys() == {entry_id(one) for one in leads(vendor.world.company)}
    (first,) = desk.loads("leads")
    assert first[0] == "complete"
    newest = max(one.modified_at for one in leads(vendor.world.company))
    assert desk.cursor("leads")["newest_at"] == newest.isoformat(), "by the data, not by anybody's clock"

    later(vendor)
    changed = leads(vendor.world.company)[0]
    edit(vendor, changed, Lead_Status="Contacted", Description='He said:\n"soon"')
    desk.read()
    kind, read, written, deleted = desk.loads("leads")[-1]
    assert (kind, written, deleted) == ("differential", 1, 0)
    assert read < len(leads(vendor.world.company))
    record = desk.standing("leads")[entry_id(changed)]
    assert record["Description"] == 'He said:\n"soon"'
    assert desk.loads("deals")[-1][2] == 0
    later(vendor)
    desk.read()
    assert len(desk.loads("deals")) == 2, "the same as last time: no batch"


def test_nothing_is_asked_for_twice_within_the_hour(desk: Desk, vendor: Zoho) -> None:
    desk.read()
    assert desk.ask().asked == []
    assert len(desk.asked()) == 2
    later(vendor, minutes=61)
    assert desk.ask().asked == ["Leads", "Deals"]


def test_deletions_show_at_once_and_the_sweep_buries(desk: Desk, vendor: Zoho) -> None:
    desk.read()
    company = vendor.world.company
    gone, kept = leads(company)[:2]
    later(vendor)
    crm.delete(company, gone, gone.owner)
    crm.delete(company, kept, kept.owner)
    desk.read()
    told = {one["id"] for one in desk.standing("deletions").values()}
    assert {entry_id(gone), entry_id(kept)} <= told
    assert "display_name" not in str(desk.standing("deletions")), "it may be a person's name"
    assert entry_id(gone) in desk.standing("leads"), "until the sweep"

    crm.restore(company, kept)
    later(vendor, days=8)
    desk.read()
    assert desk.loads("leads")[-1][0] == "complete"
    assert entry_id(gone) not in desk.standing("leads")
    assert entry_id(kept) in desk.standing("leads")
    assert entry_id(kept) not in {one["id"] for one in desk.standing("deletions").values()}


def test_what_was_deleted_from_a_module_that_fails_stays_deleted(desk: Desk, vendor: Zoho) -> None:
    desk.read()
    company = vendor.world.company
    gone, other = leads(company)[:2]
    deal = next(iter(company.crm.entries["Deals"].values()))
    later(vendor)
    crm.delete(company, gone, gone.owner)
    desk.read()
    later(vendor)
    crm.delete(company, deal, deal.owner)
    vendor.jobs.fates["Leads"] = "FAILURE"
    assert "Leads" in desk.read()[1].failed
    assert desk.standing("deletions").keys() == {entry_id(gone), entry_id(deal)}

    # Neither does a list that can't be had stop the others, nor lose what it had and has.
    vendor.jobs.fates.clear()
    later(vendor)
    crm.delete(company, other, other.owner)
    vendor.switches.answer_instead("Leads/deleted$", vendor.fault("no_permission"))
    done = desk.read()[1]
    assert "deleted records of Leads" in done.failed["deletions"]
    assert desk.standing("deletions").keys() == {entry_id(gone), entry_id(deal)}
    later(vendor)
    assert desk.read()[1].failed == {}
    assert desk.standing("deletions").keys() == {entry_id(gone), entry_id(other), entry_id(deal)}


def test_a_formula_that_changed_without_a_trace_shows_with_the_sweep(desk: Desk, vendor: Zoho) -> None:
    desk.read()
    deal = next(iter(vendor.world.company.crm.entries["Deals"].values()))
    deal.values["Probability"] = 77
    later(vendor)
    desk.read()
    assert desk.standing("deals")[entry_id(deal)]["Probability"] != "77"
    later(vendor, days=8)
    desk.read()
    assert desk.standing("deals")[entry_id(deal)]["Probability"] == "77"


def test_pages_are_followed_and_nothing_of_them_is_taken_for_gone(desk: Desk, vendor: Zoho) -> None:
    vendor.jobs.per_page = 3
    first = leads(vendor.world.company)[0]
    count = len(leads(vendor.world.company))
    # A row changes between the first page and the second.
    vendor.switches.change_after("POST /crm/bulk", lambda company: edit(vendor, first, Lead_Status="Moved"))
    client = desk.make_client(modules=("Leads",))
    desk.read(client)
    pages = [row[1] for row in desk.exports()]
    assert pages == list(range(1, len(pages) + 1))
    assert len(pages) == -(-count // 3) > 1
    tokens = [b"page_token" in one.body for one in vendor.requests if one.name == "POST /crm/bulk/v8/read"]
    assert tokens == [False] + [True] * (len(pages) - 1)
    assert len(desk.standing("leads")) == count
    assert desk.loads("leads")[0][0] == "differential"
    assert "swept_at" not in desk.cursor("leads"), "once more, cut by what has landed"


def test_what_moves_between_the_pages_of_changes_is_read_again(desk: Desk, vendor: Zoho) -> None:
    client, company = desk.make_client(modules=("Leads",)), vendor.world.company
    desk.read(client)
    later(vendor)
    found = shown(company, catalogue.modules()["Leads"])
    for one in found:
        edit(vendor, one, Lead_Status="Changed")
    vendor.jobs.per_page = 2
    desk.ask(client)
    crm.delete(company, found[0], found[0].owner)  # the others move up over the page's border
    later(vendor, hours=1)
    edit(vendor, found[-1], Lead_Status="Later")
    desk.take(client)
    words = [desk.standing("leads")[entry_id(one)]["Lead_Status"] for one in found[1:]]
    assert "Changed" in words
    assert set(words) - {"Changed", "Later"}, "one was on neither page"
    vendor.jobs.per_page = 100
    later(vendor)
    desk.read(client)
    assert desk.loads("leads")[-1][0] == "complete"
    words = [desk.standing("leads")[entry_id(one)]["Lead_Status"] for one in found[1:]]
    assert words == ["Changed"] * (len(found) - 2) + ["Later"]


def test_more_pages_than_zoho_gives_are_read_in_parts(desk: Desk, vendor: Zoho) -> None:
    vendor.jobs.per_page = 3
    refused = refused_job(400, "PAGE_RANGE_EXCEEDED", "the page is out of range", max_limit=1)
    vendor.switches.answer_instead("POST /crm/bulk", lambda: refused, skip=1)
    client = desk.make_client(modules=("Leads",))
    assert desk.read(client)[1].taken == ["Leads"]
    assert desk.loads("leads") == [("differential", 3, 3, 0)]
    later(vendor)
    desk.read(client)
    assert len(desk.standing("leads")) == len(leads(vendor.world.company))


def test_a_sweep_is_cut_so_that_each_part_fits_and_the_last_part_comes_last(
    desk: Desk, vendor: Zoho, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "FITTING_ROWS", 3)
    client = desk.make_client(modules=("Leads",))
    vendor.jobs.per_page = 3
    desk.read(client)
    vendor.jobs.per_page = 100
    later(vendor)
    before = len(desk.asked())
    asked = desk.ask(client)
    assert asked.asked == ["Leads"]
    spans = len(desk.asked()) - before
    assert spans >= 1
    # It was in the first part, whose export is made, and is in the last one by now.
    first = min(leads(vendor.world.company), key=lambda one: one.modified_at)
    later(vendor, seconds=30)
    edit(vendor, first, Lead_Status="Moved")
    desk.take(client)
    assert len(desk.asked()) == before + spans + 1
    kind, _, _, deleted = desk.loads("leads")[-1]
    assert (kind, deleted) == ("complete", 0)
    assert desk.standing("leads")[entry_id(first)]["Lead_Status"] == "Moved"


def test_a_failed_export_is_asked_for_anew_so_often_and_the_others_go_on(desk: Desk, vendor: Zoho) -> None:
    vendor.jobs.fates["Leads"] = "FAILURE"
    _, done = desk.read()
    assert done.taken == ["Deals"]
    assert "came to nothing 3 times" in done.failed["Leads"]
    assert [row for row in desk.exports() if row[0] == "Leads"] == [
        ("Leads", 1, 1, "failed"),
        ("Leads", 1, 2, "failed"),
        ("Leads", 1, 3, "dropped"),
    ]
    reason = desk.connection.execute(
        "select reason from landing.attempts where source = 'zoho' and stream = 'leads'"
    ).fetchone()
    assert reason is not None
    assert "came to nothing" in reason[0]
    vendor.jobs.fates.clear()
    later(vendor)
    assert "Leads" in desk.read()[1].taken


@pytest.mark.parametrize("state", ["QUEUED", "IN PROGRESS", "HIBERNATING"])
def test_what_is_not_finished_is_waited_for_with_a_deadline_and_resumed(
    desk: Desk, vendor: Zoho, clock: Clock, state: str
) -> None:
    vendor.jobs.fates["Leads"] = state
    client = desk.make_client(wait_seconds=90)
    desk.ask(client)
    done = desk.take(client)
    assert (done.taken, done.waiting, done.failed) == (["Deals"], ["Leads"], {})
    assert 90 <= sum(clock.slept) < 91
    assert clock.slept == sorted(clock.slept[:-1]) + clock.slept[-1:], "longer and longer"
    _finish_all(vendor)
    later(vendor)
    assert desk.ask(desk.make_client(modules=("Leads",))).resumed == ["Leads"]
    assert desk.take().taken == ["Leads"]
    assert len([row for row in desk.exports() if row[0] == "Leads"]) == 1, "not paid for again"
    assert desk.standing("leads")


def _finish_all(vendor: Zoho) -> None:
    """What Zoho works on, it finishes now."""
    vendor.jobs.fates.clear()
    assert vendor.jobs.folder is not None
    for path in vendor.jobs.folder.glob("*.json"):
        path.write_bytes(orjson.dumps({**orjson.loads(path.read_bytes()), "fate": None}))


def test_an_export_that_is_stuck_is_given_up_after_hours(desk: Desk, vendor: Zoho) -> None:
    vendor.jobs.fates["Leads"] = "QUEUED"
    desk.read(desk.make_client(wait_seconds=0))
    later(vendor, hours=7)
    vendor.jobs.fates.clear()
    desk.take()
    assert [row[3] for row in desk.exports() if row[0] == "Leads"] == ["stuck", "landed"]


def test_results_that_have_expired_are_asked_for_anew(desk: Desk, vendor: Zoho) -> None:
    desk.ask()
    later(vendor, days=2)  # Zoho keeps them for one
    done = desk.take()
    assert sorted(done.taken) == ["Deals", "Leads"]
    assert [row[3] for row in desk.exports() if row[0] == "Leads"] == ["expired", "landed"]


def test_an_export_that_zoho_knows_no_more_is_asked_for_anew(desk: Desk, vendor: Zoho) -> None:
    desk.ask()
    later(vendor, days=8)
    assert sorted(desk.take().taken) == ["Deals", "Leads"]


def test_another_postgres_goes_on_with_what_was_paid_for(desk: Desk, vendor: Zoho) -> None:
    desk.ask()
    assert len(desk.asked()) == 2
    # As a database that knows nothing: everything of it comes from the bucket.
    forget(desk.connection, desk.installation.contracts)
    desk.connection.execute("truncate landing.zoho_exports")
    done = desk.take()
    assert sorted(done.taken) == ["Deals", "Leads"]
    assert len(desk.asked()) == 2, "not paid for again"
    desk.connection.execute("truncate landing.zoho_exports")
    forget(desk.connection, desk.installation.contracts)
    assert desk.ask().landed >= 2
    assert len(desk.asked()) == 2, "they have landed, and the bucket knows"


def test_a_kill_after_the_asking_costs_nothing(
    desk: Desk, vendor: Zoho, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("observes_assets.sources.zoho.recording.record", killed)
        with pytest.raises(KeyboardInterrupt):
            desk.ask()
    assert len(desk.asked()) == 2
    assert desk.ask().resumed == ["Deals", "Leads"]
    assert sorted(desk.take().taken) == ["Deals", "Leads"]
    assert len(desk.asked()) == 2


def test_credits_of_the_contract_stop_the_asking_and_nothing_else(
    desk: Desk, vendor: Zoho, monkeypatch: pytest.MonkeyPatch
) -> None:
    budget = desk.contract.customs.credit_budget
    assert budget is not None
    monkeypatch.setattr("observes_assets.sources.zoho.preparation.CREDITS", budget.credits - 49)
    asked, done = desk.read()
    assert (asked.asked, done.taken) == (["Leads"], ["Leads"])
    assert asked.stopped is not None
    assert "more credits than the contract allows: 50 of 20000" in asked.stopped
    assert asked.failed == {}


def test_credits_that_never_suffice_for_all_go_round(
    desk: Desk, vendor: Zoho, monkeypatch: pytest.MonkeyPatch
) -> None:
    budget = desk.contract.customs.credit_budget
    assert budget is not None
    monkeypatch.setattr("observes_assets.sources.zoho.preparation.CREDITS", budget.credits - 49)
    asked = []
    for _ in range(3):
        asked += desk.read()[0].asked
        later(vendor, days=1, seconds=1)
    assert asked == ["Leads", "Deals", "Leads"]


def test_credits_of_records_that_are_only_looked_at_count_and_no_run_takes_them(
    desk: Desk, vendor: Zoho, monkeypatch: pytest.MonkeyPatch
) -> None:
    purse = Purse(desk.make_client(), Exports(desk.installation, desk.connection, "looking"), desk.contract)
    assert len(list(preview(purse, "leads"))) == len(leads(vendor.world.company))
    asked, done = desk.read()
    assert (asked.resumed, done.taken) == ([], ["Leads", "Deals"])
    assert asked.credits_spent == 150
    monkeypatch.setattr("observes_assets.sources.zoho.preparation.CREDITS", 20_000)
    with pytest.raises(StoppedError, match="more credits than the contract allows"):
        list(preview(purse, "leads"))
    assert len(desk.asked()) == 3


def test_a_page_that_can_t_be_paid_waits_and_the_others_go_on(desk: Desk, vendor: Zoho) -> None:
    vendor.jobs.per_page = 7  # more leads than that, not more deals
    while len(leads(vendor.world.company)) <= 7:
        person = vendor.world.company.people["kira-novak"]
        crm.enter(vendor.world.company, "Leads", person, Last_Name="Lund", Company="Amber Media")
    vendor.switches.answer_instead("POST /crm/bulk", vendor.fault("exhausted"), times=1, skip=2)
    done = desk.read()[1]
    assert (done.taken, done.waiting) == (["Deals"], ["Leads"])
    assert "credits are used up" in (done.stopped or "")
    assert desk.take().taken == ["Leads"]


def test_used_up_credits_stop_the_asking_and_what_was_asked_for_is_taken(desk: Desk, vendor: Zoho) -> None:
    vendor.switches.answer_instead("POST /crm/bulk", vendor.fault("exhausted"), times=9, skip=1)
    asked, done = desk.read()
    assert (asked.asked, done.taken) == (["Leads"], ["Leads"])
    assert "credits are used up" in (asked.stopped or "")


def test_a_module_that_is_not_there_stops_no_other(desk: Desk, vendor: Zoho) -> None:
    vendor.switches.answer_instead("POST /crm/bulk", lambda: no_such_module("Leads"))
    asked, done = desk.read()
    assert "no such module" in asked.failed["Leads"]
    assert (asked.asked, done.taken) == (["Deals"], ["Deals"])


def test_a_revoked_user_ends_the_run_and_every_stream_knows_why(desk: Desk, vendor: Zoho) -> None:
    vendor.credentials.revoke()
    with pytest.raises(NoAccessError):
        desk.ask()
    rows = desk.connection.execute(
        "select reason from landing.attempts where source = 'zoho' and last_good_at is null"
    ).fetchall()
    assert len(rows) == len(desk.contract.streams)
    assert all("refresh token" in row[0] for row in rows)


def test_a_field_that_vanishes_is_no_blank(desk: Desk, vendor: Zoho) -> None:
    desk.read()
    before = desk.standing("deals")
    later(vendor, days=8)

    def without_amount(answer: Answer) -> Answer:
        return Answer(200, _renamed(answer.content(), b"Amount", b"Hidden"), dict(answer.headers))

    vendor.switches.alter("/result", without_amount, times=9)
    done = desk.read()[1]
    assert "lacks the columns Amount" in done.failed["Deals"]
    assert desk.standing("deals") == before
    vendor.switches.clear()
    later(vendor)
    assert "Deals" in desk.read()[1].taken, "a new reading begins"


def test_a_column_that_somebody_adds_is_kept(desk: Desk, vendor: Zoho) -> None:
    desk.read()
    company = vendor.world.company
    crm.add_column(company, "Deals", "Renewal_Month", "Renewal month", "text")
    later(vendor)
    deal = next(iter(company.crm.entries["Deals"].values()))
    edit(vendor, deal, Renewal_Month="May")
    desk.read()
    assert desk.standing("deals")[entry_id(deal)]["Renewal_Month"] == "May"
    assert "Renewal_Month" in desk.cursor("deals")["columns"]


def test_fewer_rows_than_zoho_counted_do_not_land(desk: Desk, vendor: Zoho) -> None:
    def more(answer: Answer) -> Answer:
        if isinstance(answer.body, dict):
            result = answer.body["data"][0].get("result") or {}
            result["count"] = result.get("count", 0) + 1
        return answer

    vendor.switches.alter("GET /crm/bulk/v8/read/[0-9]+$", more, times=9)
    done = desk.read(desk.make_client(modules=("Leads",)))[1]
    assert "Zoho counted" in done.failed["Leads"]
    assert desk.loads("leads") == []


def test_two_records_of_one_second_on_the_border_are_both_read(desk: Desk, vendor: Zoho) -> None:
    later(vendor)
    one, other = leads(vendor.world.company)[:2]
    edit(vendor, one, Lead_Status="First")
    desk.read()
    edit(vendor, other, Lead_Status="Second")  # in the same second, after the export was made
    later(vendor)
    desk.read()
    assert desk.standing("leads")[entry_id(other)]["Lead_Status"] == "Second"


def test_users_are_read_whole_and_land_once(desk: Desk, vendor: Zoho) -> None:
    desk.read()
    assert len(desk.loads("users")) == 1
    assert "Isonline" not in str(desk.standing("users"))
    later(vendor)
    desk.read()
    assert len(desk.loads("users")) == 1
    person = vendor.world.company.people["ines-prado"]
    person.is_member = False
    later(vendor)
    desk.read()
    assert desk.loads("users")[-1][2] == 1, "a deactivated owner"


def test_a_first_time_reading_of_an_empty_module_lands_and_fetches_nothing(desk: Desk, vendor: Zoho) -> None:
    vendor.world.company.crm.entries["Leads"].clear()
    done = desk.read(desk.make_client(modules=("Leads",)))[1]
    assert done.taken == ["Leads"]
    assert desk.loads("leads") == [("complete", 0, 0, 0)]
    assert not any(one.name.endswith("/result") for one in vendor.requests)


def test_what_nobody_asked_for_is_no_failure(desk: Desk) -> None:
    desk.read()
    row = desk.connection.execute(
        "select count(*) from landing.attempts where source = 'zoho' and failure_count > 0"
    ).fetchone()
    assert row == (0,)


def test_the_bucket_has_what_was_asked_and_how_it_ended(desk: Desk, installation: Installation) -> None:
    desk.read()
    rows = desk.connection.execute(
        "select record ->> 'module', record ->> 'ended_as' from raw_observes.exports order by load_id, line"
    ).fetchall()
    assert rows == [("Leads", None), ("Deals", None), ("Leads", "landed"), ("Deals", "landed")]
    assert list(installation.bucket.names("archive/observes/exports/"))


def _renamed(zipped: bytes, column: bytes, name: bytes) -> bytes:
    """The zip with another name for a column."""
    with zipfile.ZipFile(io.BytesIO(zipped)) as one:
        (file,) = one.namelist()
        header, _, rest = one.read(file).partition(b"\n")
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as other:
        other.writestr(file, header.replace(column, name) + b"\n" + rest)
    return made.getvalue()
