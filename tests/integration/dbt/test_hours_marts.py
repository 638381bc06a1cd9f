"""The marts of hours, from a few stretches of time that fit on a page to sums that can be checked by hand."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from observes_assets.postgres.connect import ensure_database
from observes_assets.postgres.server import EmbeddedServer
from tests.integration.dbt.dbt_runs import begin_build, dbt
from tests.integration.dbt.landed import Landed, portfolio, repository, set_up

Rows = Callable[[str], list[tuple[Any, ...]]]
COMPANY = {"company_id": "quill"}
ANA, BO = "ana@acme.example", "bo@acme.example"


def stretch(user: str, start: str, seconds: float, **more: Any) -> dict[str, Any]:
    """A worklog of Monday, 16 November."""
    record = {
        **COMPANY,
        "day": "2026-11-16",
        "user_id": user,
        "device_id": "laptop",
        "started_at": f"2026-11-{start}:00.000Z",
        "mode": "computer",
        "task_id": "t1",
        "occurrence": 1,
        "time": seconds,
        "taskName": "Reviews of zoe@acme.example",
        "projectId": "p1",
        "projectName": "harbour",
    }
    return record | more


def hours(landed: Landed) -> None:
    """Monday as it was known on Monday, on Tuesday and after Thursday's edit; of Tuesday its beginning."""
    monday, tuesday = {**COMPANY, "day": "2026-11-16"}, {**COMPANY, "day": "2026-11-17"}
    land = landed.land
    land("portfolio/portfolio", "2026-11-16T00:00:00Z", [portfolio([repository("r1", "store", "web")])])
    people = [
        {**COMPANY, "id": user, "name": "Somebody", "email": f"{user}@acme.example"} for user in ("ana", "bo")
    ]
    land("timedoctor/users", "2026-11-16T12:00:00Z", people, scope=COMPANY)
    project = {**COMPANY, "id": "p1", "name": "harbor"}
    land("timedoctor/projects", "2026-11-16T12:00:00Z", [project], scope=COMPANY)
    first = stretch("ana", "16T14:00", 1800)
    land("timedoctor/worklogs", "2026-11-16T15:00:00Z", [first], scope=monday)
    whole = [
        stretch("ana", "16T14:00", 3600),
        stretch("ana", "16T14:30", 3600, device_id="phone", mode="mobile"),
        stretch("ana", "16T16:00", 900, mode="paidBreak", task_id="", projectId=None, projectName=None),
        stretch("bo", "16T15:00", 7200),
        stretch("leaver", "16T15:00", 600, imported_from="a.singer"),
    ]
    land("timedoctor/worklogs", "2026-11-17T03:00:00Z", whole, scope=monday)
    land("timedoctor/worklogs", "2026-11-17T03:00:00Z", [], scope=tuesday)
    edited = stretch("bo", "16T15:00", 5400, mode="manual", device_id="")
    key = ["quill", "2026-11-16", "bo", "laptop", "2026-11-16T15:00:00.000Z", "computer", "t1", 1]
    land("timedoctor/worklogs", "2026-11-19T03:00:00Z", [edited], scope=monday, gone=[key])
    look = {
        **COMPANY,
        "stream": "worklogs",
        "day": "2026-11-16",
        "outcome": "ok",
        "looked_at": "2026-11-20T03:00:00+00:00",
        "read_at": "2026-11-20T03:00:00+00:00",
    }
    land("timedoctor/observations", "2026-11-20T03:00:00Z", [look])


@pytest.fixture(scope="module")
def rows(embedded_server: EmbeddedServer, target: Path) -> Rows:
    url = ensure_database(embedded_server.start(), "test_hours_marts")
    with psycopg.connect(url, autocommit=True) as connection:
        set_up(connection)
        hours(Landed(connection))
        begin_build(connection)
    selected = ("--select", "+path:models/marts/hours", "--indirect-selection", "cautious")
    built = dbt("build", *selected, url=url, target=target)
    assert built.returncode == 0, built.stdout
    assert "hours_reconcile" in built.stdout

    def read(query: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(url) as connection:
            return connection.execute(query).fetchall()  # type: ignore[arg-type]

    return read


def test_hours_by_day_and_week_keep_what_was_typed_in_apart(rows: Rows) -> None:
    mine = f"where person_pseudonym = landing.person_id('{ANA}')"
    query = (
        "select project_name, observed_seconds, manual_seconds, worked_seconds, break_seconds from candidate."
    )
    assert rows(f"{query}work_days {mine} order by timedoctor_project_id") == [
        (None, 0, 0, 0, 900),
        ("harbor", 7200, 0, 7200, 0),
    ]
    theirs = f"where person_pseudonym = landing.person_id('{BO}')"
    assert rows(f"{query}work_weeks {theirs}") == [("harbor", 0, 5400, 5400, 0)]
    assert rows("select distinct week_on from candidate.work_weeks") == [(date(2026, 11, 16),)]


def test_two_devices_at_once_are_an_hour_and_a_half_by_the_clock(rows: Rows) -> None:
    assert rows(
        "select worked_seconds, distinct_seconds, overlap_seconds, device_count from candidate.person_days "
        f"where person_pseudonym = landing.person_id('{ANA}')"
    ) == [(7200, 5400, 1800, 2)]


def test_an_edit_after_the_fact_is_a_correction_and_the_day_s_own_growth_is_none(rows: Rows) -> None:
    assert rows(
        f"select person_pseudonym = landing.person_id('{BO}'), corrected_at, observed_before_seconds, "
        "observed_after_seconds, manual_before_seconds, manual_after_seconds, change_seconds, late_seconds "
        "from candidate.work_corrections"
    ) == [(True, datetime(2026, 11, 19, 3, tzinfo=UTC), 7200, 0, 0, 5400, -1800, 2 * 86_400)]


def test_who_has_no_e_mail_is_somebody_still_and_nobody_is_named(rows: Rows) -> None:
    assert rows(
        "select count(*), count(distinct person_pseudonym), count(*) filter (where is_imported) "
        "from candidate.work_days"
    ) == [(4, 3, 1)]
    for mart in ("work_days", "work_weeks", "work_corrections"):
        assert rows(f"select count(*) from candidate.{mart} as line where line::text ~ '@[a-z]'") == [(0,)]


def test_coverage_has_each_day_up_to_the_last_look(rows: Rows) -> None:
    assert rows(
        "select day_on, is_covered, settled_at, batch_count, session_count, person_count "
        "from candidate.work_coverage order by 1"
    ) == [
        (date(2026, 11, 16), True, datetime(2026, 11, 17, 3, tzinfo=UTC), 3, 5, 3),
        (date(2026, 11, 17), False, None, 1, 0, 0),
        (date(2026, 11, 18), False, None, 0, 0, 0),
        (date(2026, 11, 19), False, None, 0, 0, 0),
    ]
