"""What an audit of the bills found, each once."""

from datetime import UTC, date, datetime

from psycopg.types.json import Jsonb

from observes_assets.billing.job import look_ahead
from tests.integration.billing.conftest import Office
from tests.integration.billing.months import amounts, observe_all, summary


def test_a_stale_bill_is_no_success_the_second_time_either(office: Office) -> None:
    """Nothing is due then, so no check fails: the command line asks for this."""
    now = datetime(2024, 5, 11, tzinfo=UTC)
    office.wait("commits", "pending", {"repository_id": "r3", "branch": "main"})
    assert office.write(now).failed
    is_due, stops = look_ahead(office.connection, office.bucket, now=now)
    assert not is_due
    assert [stop.organization for stop in stops] == ["zeta"]


def test_what_was_observed_empty_stays_observed(office: Office) -> None:
    """An empty repository fails and is empty again: its closed month still owes the base."""
    office.connection.execute("delete from landing.loads where stream = 'commits'")
    first = office.connection.execute("select min(load_id) from landing.loads where stream = 'observations'")
    office.connection.execute(
        "insert into raw_git.observations values (%s, 'r1', %s)",
        [(first.fetchone() or (0,))[0], Jsonb({"outcome": "empty"})],
    )
    office.set("group_terms", "base_amount = %s", 5)
    office.set("repositories", "outcome = %s", "empty")
    observe_all(office, datetime(2024, 6, 1, tzinfo=UTC))
    office.set("repositories", "outcome = %s", "empty")
    closing = datetime(2024, 6, 10, tzinfo=UTC)
    assert office.write(closing).months[0].status == "closed"
    before = amounts(summary(office))
    office.set("repositories", "outcome_since = %s", closing)  # failed, and recovered
    outcome = office.write(datetime(2024, 6, 11, tzinfo=UTC))
    assert (outcome.months[0].month, outcome.months[0].action) == (date(2024, 5, 1), "unchanged")
    assert amounts(summary(office)) == before
