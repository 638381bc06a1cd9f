"""``write_bills`` over a real ledger, a release with its marts, and a folder bucket."""

import csv
import io
from datetime import UTC, date, datetime, timedelta

from observes_assets.billing import month_json, preview
from tests.integration.billing.conftest import BEGIN, Office
from tests.integration.billing.months import (
    CLOSING,
    JUNE,
    MAY,
    MID_MAY,
    SUMMARY,
    actions,
    amounts,
    closed,
    summary,
)


def test_the_current_month_is_written_month_to_date(office: Office) -> None:
    office.author("storefront")
    office.author("backend")
    outcome = office.write(MID_MAY)
    assert (outcome.failed, actions(outcome)) == (False, {MAY: "written"})
    document = summary(office)
    assert (document["status"], document["revision"], document["release"]) == ("open", 1, 1)
    assert amounts(document) == {"acme": "99.00", "zeta": "0.00"}
    assert sorted(document["files"]) == ["backend.csv", "mobile.csv", "storefront.csv"]
    rows = list(csv.reader(io.StringIO(office.bucket.get("bills/2024/05/storefront.csv").decode())))
    assert rows == [
        ["actor", "commit", "groups", "repository"],
        ["Ana <ana@acme.test>", "a" * 40, "backend, storefront", "web"],
    ]


def test_again_writes_nothing(office: Office) -> None:
    office.author("storefront")
    office.write(MID_MAY)
    before = office.files()
    outcome = office.write(MID_MAY + timedelta(hours=3), code_version="c2")
    assert actions(outcome) == {MAY: "unchanged"}
    assert office.files() == before


def test_a_new_release_with_the_same_figures_changes_the_summary_only(office: Office) -> None:
    office.author("storefront")
    office.write(MID_MAY)
    before = office.files()
    office.publish()
    assert actions(office.write(MID_MAY)) == {MAY: "written"}
    after = office.files()
    assert before.keys() == after.keys()
    assert [name for name in after if after[name] != before[name]] == [SUMMARY]
    assert summary(office)["release"] == 2


def test_a_new_author_replaces_what_the_open_month_said(office: Office) -> None:
    office.write(MID_MAY)
    first = summary(office)["directory"]
    office.author("storefront")
    office.write(MID_MAY)
    document = summary(office)
    assert document["directory"] != first
    assert (document["revision"], len(document["revisions"])) == (1, 1)
    assert not list(office.bucket.names(f"bills/2024/05/{first}/"))


def test_a_group_that_left_takes_its_flat_copy_along(office: Office) -> None:
    office.write(MID_MAY)
    assert office.bucket.exists("bills/2024/05/backend.csv")
    office.set("group_terms", "valid_until = %s", MID_MAY, "group_name = 'backend'")
    office.remove("repositories", "group_name = 'backend'")
    office.write(MID_MAY)
    assert not office.bucket.exists("bills/2024/05/backend.csv")
    assert sorted(summary(office)["files"]) == ["mobile.csv", "storefront.csv"]


def test_files_of_others_beside_the_bills_stay(office: Office) -> None:
    office.bucket.put("bills/2024/05/notes.csv", b"ours")
    office.write(MID_MAY)
    office.author("storefront")
    office.write(MID_MAY)
    assert office.bucket.get("bills/2024/05/notes.csv") == b"ours"


def test_every_month_since_the_first_load_is_written(office: Office) -> None:
    outcome = office.write(datetime(2024, 8, 1, tzinfo=UTC))
    assert list(actions(outcome)) == [date(2024, month, 1) for month in (5, 6, 7, 8)]
    assert not office.bucket.exists("bills/2024/04/summary.json")


def test_the_time_zone_decides_which_month_it_is(office: Office) -> None:
    office.set("billing_settings", "time_zone = %s", "America/Bogota")
    now = datetime(2024, 6, 1, 3, tzinfo=UTC)
    assert list(actions(office.write(now))) == [MAY]
    assert list(actions(office.write(now + timedelta(hours=3)))) == [MAY, JUNE]
    assert summary(office)["closes_at"] == "2024-06-05T05:00:00Z"


def test_a_waiting_portfolio_stops_everybody(office: Office) -> None:
    office.wait("portfolio", "refused")
    assert [stop.organization for stop in office.write(MID_MAY).stops] == ["acme", "zeta"]


def test_a_batch_of_a_repository_that_left_stops_its_organization(office: Office) -> None:
    office.put("commits", repository_id="r9", organization_name="zeta")
    office.wait("commits", "refused", {"repository_id": "r9", "branch": "main"})
    assert [stop.organization for stop in office.write(MID_MAY).stops] == ["zeta"]


def test_a_failed_repository_stops_its_organization_and_no_other(office: Office) -> None:
    office.author("storefront")
    office.write(MID_MAY)
    kept = office.bucket.get("bills/2024/05/storefront.csv")
    since = datetime(2024, 5, 21, tzinfo=UTC)
    office.set(
        "repositories",
        "outcome = 'failed', reason = 'no answer', outcome_since = %s",
        since,
        "repository_id = 'r2'",
    )
    office.remove("billable_authors")
    office.author("mobile", "zoe@zeta.test", organization="zeta")
    outcome = office.write(MID_MAY + timedelta(days=1))
    assert outcome.failed
    document = summary(office)
    assert amounts(document) == {"acme": "99.00", "zeta": "99.00"}
    assert document["organizations"][0]["stale"] == {
        "since": "2024-05-21T00:00:00Z",
        "why": "repository backend/web failed: no answer",
    }
    assert office.bucket.get("bills/2024/05/storefront.csv") == kept
    again = office.write(MID_MAY + timedelta(days=1))
    assert again.failed
    assert actions(again) == {MAY: "unchanged"}
    office.set("repositories", "outcome = %s", "ok", "repository_id = 'r2'")
    assert not office.write(MID_MAY + timedelta(days=2)).failed
    assert amounts(summary(office)) == {"acme": "0.00", "zeta": "99.00"}


def test_without_an_earlier_bill_a_stopped_organization_has_no_figures_and_no_files(office: Office) -> None:
    office.author("storefront")
    office.set("repositories", "outcome = %s", "never", "repository_id = 'r1'")
    assert office.write(MID_MAY).failed
    document = summary(office)
    assert amounts(document) == {"acme": None, "zeta": "0.00"}
    assert [group["name"] for group in document["organizations"][0]["groups"]] == ["backend", "storefront"]
    assert list(document["files"]) == ["mobile.csv"]
    shown = month_json(preview(office.connection, office.bucket, 1, MAY))
    assert shown["organizations"][0]["stale"]["why"] == "repository storefront/web was never observed"
    office.set("repositories", "outcome = %s", "ok")
    office.write(MID_MAY)
    assert amounts(summary(office)) == {"acme": "99.00", "zeta": "0.00"}


def test_a_release_that_is_behind_is_not_billed_from(office: Office) -> None:
    office.load("commits", MID_MAY, {"repository_id": "r1", "branch": "main"}, written=1)
    outcome = office.write(MID_MAY)
    assert outcome.failed
    assert "behind" in (outcome.blocked or "")
    assert not office.files()
    office.publish()
    assert not office.write(MID_MAY).failed


def test_without_a_release_nothing_is_written(office: Office) -> None:
    office.connection.execute("update landing.releases set is_on_show = false")
    assert office.write(MID_MAY).blocked == "No release is on show."


def test_any_month_can_be_looked_at(office: Office) -> None:
    office.author("storefront", month=date(2020, 2, 1), rule="committed")
    bill = preview(office.connection, office.bucket, 1, date(2020, 2, 29))
    assert (bill.status, bill.revision) == ("not observed", None)
    office.set("billing_settings", "rule = %s", "committed")
    bill = preview(office.connection, office.bucket, 1, date(2020, 2, 29))
    assert (bill.status, bill.revision, str(bill.organizations[0].amount)) == ("preview", None, "99.00")
    assert not office.files()


def test_a_written_month_is_shown_as_it_was_written(office: Office) -> None:
    closed(office)
    office.author("backend", "bo@acme.test")
    shown = month_json(preview(office.connection, office.bucket, 1, MAY))
    assert (shown["status"], shown["revision"], amounts(shown)["acme"]) == ("closed", 1, "99.00")
    office.write(CLOSING)
    shown = month_json(preview(office.connection, office.bucket, 1, MAY))
    assert (shown["status"], shown["revision"], amounts(shown)["acme"]) == ("closed", 2, "198.00")


def test_a_connection_in_a_transaction_is_left_as_it_was_found(office: Office) -> None:
    office.write(MID_MAY)
    assert office.connection.info.transaction_status.name == "IDLE"
    row = office.connection.execute("select count(*) from pg_locks where locktype = 'advisory'").fetchone()
    assert row == (0,)
    office.load("portfolio", BEGIN)  # the connection can still write
