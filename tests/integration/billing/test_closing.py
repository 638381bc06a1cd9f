"""When a month closes, what keeps it open, and how a closed one is corrected."""

from datetime import UTC, datetime, timedelta

import pytest

from observes_assets.billing import preview
from observes_assets.errors import IntegrityError
from tests.integration.billing.conftest import Office
from tests.integration.billing.months import (
    CLOSING,
    IN_JUNE,
    JUNE,
    MAY,
    MID_MAY,
    SUMMARY,
    actions,
    amounts,
    closed,
    observe_all,
    summary,
)


def test_a_month_closes_at_the_first_run_after_its_closing_moment(office: Office) -> None:
    office.author("storefront")
    office.write(MID_MAY)
    observe_all(office, IN_JUNE)
    office.write(CLOSING - timedelta(seconds=1))
    assert summary(office)["status"] == "open"
    files = office.files("bills/2024/05/r1-")
    outcome = office.write(CLOSING)
    assert actions(outcome) == {MAY: "closed", JUNE: "unchanged"}
    assert summary(office)["status"] == "closed"
    assert office.files("bills/2024/05/r1-") == files
    before = office.files("bills/2024/05/")
    office.publish()
    assert actions(office.write(CLOSING + timedelta(days=40)))[MAY] == "unchanged"
    assert office.files("bills/2024/05/") == before


def test_a_month_stays_open_until_every_repository_was_observed_after_its_end(office: Office) -> None:
    office.observe(IN_JUNE, "r1")
    office.observe(datetime(2024, 5, 31, 23, 59, tzinfo=UTC), "r2")
    outcome = office.write(CLOSING)
    assert not outcome.failed
    document = summary(office)
    assert document["status"] == "open"
    assert document["missing"] == [
        "repository acme/backend/web was not observed after the month's end",
        "repository zeta/mobile/web was not observed after the month's end",
    ]
    observe_all(office, datetime(2024, 6, 1, tzinfo=UTC))
    office.write(CLOSING)
    assert summary(office)["status"] == "closed"


def test_an_empty_repository_is_no_failure(office: Office) -> None:
    observe_all(office, IN_JUNE)
    office.observe(IN_JUNE, "r3", "empty")
    assert not office.write(CLOSING).failed
    assert summary(office)["status"] == "closed"


@pytest.mark.parametrize("scope", [{}, {"repository_id": "r1"}])
def test_observations_may_have_a_wider_scope(office: Office, scope: dict[str, str]) -> None:
    for repository_id in ("r1", "r2", "r3"):
        office.load("observations", IN_JUNE, scope and {"repository_id": repository_id})
    office.write(CLOSING)
    assert summary(office)["status"] == "closed"


@pytest.mark.parametrize("state", ["pending", "refused", "accepted"])
def test_a_waiting_batch_stops_its_organization_and_the_closing(office: Office, state: str) -> None:
    office.author("storefront")
    office.write(MID_MAY)
    observe_all(office, IN_JUNE)
    batch = office.wait("commits", state, {"repository_id": "r1", "branch": "main"})
    outcome = office.write(CLOSING)
    assert [stop.organization for stop in outcome.stops] == ["acme"]
    document = summary(office)
    assert document["status"] == "open"
    told = f"batch {batch} of git/commits is {'accepted, but not landed' if state == 'accepted' else state}"
    assert told in document["missing"]
    assert document["organizations"][0]["stale"] == {"since": "2024-05-10T08:00:00Z", "why": told}
    assert document["organizations"][1]["stale"] is None


def test_a_rejected_batch_is_decided(office: Office) -> None:
    office.wait("commits", "rejected", {"repository_id": "r1", "branch": "main"})
    assert not office.write(MID_MAY).failed


def test_a_closed_month_is_corrected_beside_itself(office: Office) -> None:
    closed(office)
    first = summary(office)
    before = office.files(f"bills/2024/05/{first['directory']}/")
    office.publish()
    office.author("backend", "bo@acme.test")
    outcome = office.write(CLOSING + timedelta(days=1))
    assert actions(outcome)[MAY] == "corrected"
    second = summary(office)
    assert (second["status"], second["revision"], second["release"]) == ("closed", 2, 2)
    assert office.files(f"bills/2024/05/{first['directory']}/") == before
    assert second["revisions"][0] == first["revisions"][0]
    (change,) = second["revisions"][1]["difference"]["organizations"]
    assert (change["name"], change["amount_before"], change["amount_after"]) == ("acme", "99.00", "198.00")
    assert change["groups"][0]["authors_added"] == ["Bo <bo@acme.test>"]
    assert actions(office.write(CLOSING + timedelta(days=1)))[MAY] == "unchanged"
    assert office.write(CLOSING + timedelta(days=1)).closed_releases == {1, 2}


def test_a_failed_repository_leaves_closed_months_alone(office: Office) -> None:
    closed(office)
    before = office.files("bills/2024/05/")
    office.set("repositories", "outcome = %s", "failed", "repository_id = 'r1'")
    office.remove("billable_authors", "organization_name = 'acme'")
    outcome = office.write(CLOSING)
    assert outcome.failed
    assert actions(outcome) == {MAY: "unchanged", JUNE: "written"}
    assert office.files("bills/2024/05/") == before
    office.remove("billable_authors", "organization_name = 'zeta'")
    assert actions(office.write(CLOSING))[MAY] == "corrected"
    assert amounts(summary(office)) == {"acme": "99.00", "zeta": "0.00"}


def test_a_closed_month_keeps_the_rule_that_it_closed_with(office: Office) -> None:
    closed(office)
    office.author("backend", "old@acme.test", rule="committed")
    office.author("backend", "old@acme.test", month=JUNE, rule="committed")
    office.set("billing_settings", "rule = %s", "committed")
    outcome = office.write(CLOSING + timedelta(days=1))
    assert actions(outcome) == {MAY: "unchanged", JUNE: "written"}
    assert summary(office)["rule"] == "observed"
    june = summary(office, "bills/2024/06/summary.json")
    assert (june["rule"], amounts(june)["acme"]) == ("committed", "99.00")


def test_a_month_that_closed_in_another_time_zone_is_not_compared(office: Office) -> None:
    closed(office)
    office.set("billing_settings", "time_zone = %s", "Asia/Tokyo")
    office.remove("billable_authors")
    outcome = office.write(CLOSING + timedelta(days=1))
    assert (outcome.months[0].action, outcome.months[0].month) == ("unchanged", MAY)
    assert "time zone UTC" in outcome.months[0].note


def test_a_month_before_the_first_observation_says_so(office: Office) -> None:
    office.connection.execute(
        "update landing.loads set extracted_until = extracted_until - interval '20 days' "
        "where stream = 'portfolio'"
    )
    outcome = office.write(datetime(2024, 7, 1, tzinfo=UTC))
    assert [month.status for month in outcome.months] == ["not observed", "open", "open", "open"]
    document = summary(office, "bills/2024/04/summary.json")
    assert amounts(document) == {"acme": "0.00", "zeta": "0.00"}
    office.set("billing_settings", "rule = %s", "committed")
    office.write(datetime(2024, 7, 1, tzinfo=UTC))
    assert summary(office, "bills/2024/04/summary.json")["status"] == "closed"


def test_a_damaged_revision_is_no_basis(office: Office) -> None:
    closed(office)
    name = f"bills/2024/05/{summary(office)['directory']}/bill.json"
    office.bucket.put(name, b"{}")
    with pytest.raises(IntegrityError, match="not what its directory's name promises"):
        preview(office.connection, office.bucket, 1, MAY)
    office.bucket.put(SUMMARY, b"{}")
    with pytest.raises(IntegrityError, match="can't be read"):
        office.write(CLOSING)
