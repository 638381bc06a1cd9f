"""What opens, escalates and closes: a story with a clock of its own."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from observes_assets.incidents.lifecycle import Incident, acknowledged, changes, told
from observes_assets.incidents.rules import About, Finding

NOON = datetime(2024, 5, 3, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
FINDING = Finding(
    "failed_extraction",
    "warning",
    "shop/orders can't be read: no answer.",
    About("shopkeepers", "shop-pager", "shop", "orders"),
    since=NOON - HOUR,
    run_id="run-1",
    escalate_after=3 * HOUR,
)


def opened() -> Incident:
    (incident,) = changes([FINDING], [], NOON, make_id=lambda _now: "i-1")
    return incident


def test_a_finding_opens_an_incident() -> None:
    incident = opened()
    assert (incident.incident_id, incident.cause) == ("i-1", "failed_extraction shop/orders")
    assert (incident.opened_at, incident.since, incident.closed_at) == (NOON, NOON - HOUR, None)
    assert (incident.owner, incident.on_call, incident.run_id) == ("shopkeepers", "shop-pager", "run-1")
    assert incident.untold == ["opened"]


def test_ids_differ() -> None:
    other = replace(FINDING, about=replace(FINDING.about, stream="returns"))
    one, two = changes([FINDING, other], [], NOON)
    assert one.incident_id != two.incident_id
    assert one.incident_id.startswith("i-20240503-")


def test_a_cause_that_stands_changes_nothing() -> None:
    assert changes([FINDING], [opened()], NOON + HOUR) == []


def test_a_cause_has_one_open_incident_whatever_its_words() -> None:
    (later,) = changes([replace(FINDING, title="It says something else.")], [opened()], NOON + HOUR)
    assert (later.incident_id, later.title) == ("i-1", "It says something else.")
    assert later.opened_at == NOON
    assert later.untold == ["opened"]


def test_a_warning_escalates_once() -> None:
    assert changes([FINDING], [opened()], NOON + 3 * HOUR - timedelta(seconds=1)) == []
    (later,) = changes([FINDING], [opened()], NOON + 3 * HOUR)
    assert (later.severity, later.escalated_at) == ("incident", NOON + 3 * HOUR)
    assert later.untold == ["opened", "escalated"]
    assert changes([FINDING], [later], NOON + 9 * HOUR) == []


def test_a_warning_that_somebody_took_on_does_not_escalate_with_time() -> None:
    taken = acknowledged(opened(), NOON + HOUR, "ann")
    assert changes([FINDING], [taken], NOON + 9 * HOUR) == []


def test_a_cause_that_became_worse_escalates_at_once_though_taken_on() -> None:
    taken = acknowledged(opened(), NOON, "ann")
    (later,) = changes([replace(FINDING, severity="incident")], [taken], NOON + HOUR)
    assert (later.severity, later.escalated_at) == ("incident", NOON + HOUR)


def test_an_incident_does_not_become_a_warning_while_it_is_open() -> None:
    (worse,) = changes([replace(FINDING, severity="incident")], [opened()], NOON + HOUR)
    assert changes([FINDING], [worse], NOON + 2 * HOUR) == []


def test_an_incident_closes_when_its_cause_is_gone_and_opens_anew_as_another() -> None:
    (closed,) = changes([], [opened()], NOON + HOUR)
    assert closed.closed_at == NOON + HOUR
    (again,) = changes([FINDING], [], NOON + 2 * HOUR)
    assert again.incident_id != closed.incident_id


def test_what_was_told_is_not_told_again() -> None:
    (later,) = changes([FINDING], [told(opened(), ["opened"])], NOON + 3 * HOUR)
    assert later.untold == ["escalated"]
    (closed,) = changes([], [told(later, ["escalated"])], NOON + 4 * HOUR)
    assert closed.untold == ["closed"]
    assert told(closed, ["closed"]).untold == []
