"""The sandbox's TimeDoctor has every oddity of the real one that an extract can trip over."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pyotp
import pytest
import requests

from observes_assets.sandbox import World
from observes_assets.sandbox.switches import bad_gateway
from observes_assets.sandbox.timedoctor import TimeDoctor, errors, serving
from observes_assets.sandbox.timedoctor.credentials import code
from observes_assets.sandbox.timedoctor.people import members
from observes_assets.sandbox.timedoctor.windows import BY_START, CLIPPED, REPEATED
from tests.integration.sandbox.timedoctor_caller import Caller

AT = datetime(2026, 6, 24, 15, 30, tzinfo=UTC)
DAY = timedelta(days=1)
MONDAY = datetime(2026, 6, 15, tzinfo=UTC)


@pytest.fixture(scope="module")
def world() -> World:
    return World(at=AT)


@pytest.fixture
def timedoctor(world: World) -> Iterator[TimeDoctor]:
    """A vendor of one's own; of the world only the clock is moved."""
    if world.now != AT:
        world.set_clock(AT)
    with serving(world) as server:
        yield server
    assert not server.failures


@pytest.fixture
def caller(timedoctor: TimeDoctor) -> Caller:
    return Caller(timedoctor)


@pytest.fixture
def users(timedoctor: TimeDoctor) -> list[str]:
    return [one.id for one in members(timedoctor.world.company)]


def days_of(caller: Caller, users: list[str], since: datetime, until: datetime) -> list[list[Any]]:
    """Each day of a window, by itself."""
    found = []
    while since < until:
        found.append([row for rows in caller.worklogs(users, since, since + DAY) for row in rows])
        since += DAY
    return found


def test_the_same_moment_is_the_same_answer(caller: Caller, users: list[str]) -> None:
    with serving(World(at=AT)) as again, serving(World(2, at=AT)) as another:
        first, second, third = (
            one.worklogs(users, MONDAY, AT) for one in (caller, Caller(again), Caller(another))
        )
        assert first == second != third


def test_who_commits_logs_hours_and_some_others_do(timedoctor: TimeDoctor, caller: Caller) -> None:
    company = timedoctor.world.company
    people = {one.email: one for one in company.people.values() if not one.is_bot}
    shown = caller.all("/users")
    every = caller.all("/users", **{"include-archived-users": "true"})
    archived = [one for one in every if one["archived"]]
    assert {one["email"] for one in every} > set(people)
    assert archived == [one for one in every if one not in shown]
    gone = [one["email"] for one in archived if one["email"] in people]
    assert gone == [company.people["dov-perl"].email]
    assert len(archived) > 1  # testers come and go
    assert all(one["id"] != other["id"] for one, other in pairwise(sorted(every, key=lambda one: one["id"])))


def test_one_list_a_user_in_the_order_asked(timedoctor: TimeDoctor, caller: Caller, users: list[str]) -> None:
    together = caller.worklogs(users, MONDAY, MONDAY + DAY)
    assert [{row["userId"] for row in rows} <= {user} for user, rows in zip(users, together, strict=True)]
    assert caller.worklogs(users[::-1], MONDAY, MONDAY + DAY) == together[::-1]
    assert caller.worklogs(["unknown"], MONDAY, MONDAY + DAY) == [[]]
    (own,) = caller.worklogs([], MONDAY, MONDAY + DAY)
    assert {row["userId"] for row in own} == {timedoctor.credentials.user_id}


def test_what_is_not_known_of_a_session_is_not_there(caller: Caller, users: list[str]) -> None:
    rows = [row for rows in days_of(caller, users, MONDAY - 10 * DAY, AT) for row in rows]
    modes = Counter(row["mode"] for row in rows)
    assert {"computer", "manual", "paidbreak", "paidleave"} <= set(modes)
    without_task = [row for row in rows if "taskId" not in row]
    assert {"computer", "paidbreak", "paidleave"} <= {row["mode"] for row in without_task}
    assert all("projectId" not in row and "taskName" not in row for row in without_task)
    assert all(("deviceId" in row) == (row["mode"] not in {"manual", "paidleave"}) for row in rows)
    keys = {
        (row["userId"], row.get("deviceId"), row["start"], row["mode"], row.get("taskId")) for row in rows
    }
    assert len(keys) == len(rows)


def test_two_devices_count_at_the_same_time(caller: Caller, users: list[str]) -> None:
    (rows,) = days_of(caller, users, MONDAY, MONDAY + DAY)
    overlapping = [
        (one, other)
        for one in rows
        for other in rows
        if one["userId"] == other["userId"]
        and one.get("deviceId") != other.get("deviceId")
        and one["start"] < other["start"] < stamp(start(one) + timedelta(seconds=one["time"]))
    ]
    assert overlapping


@pytest.mark.parametrize(("edges", "what"), [(BY_START, "whole"), (CLIPPED, "parts"), (REPEATED, "twice")])
def test_sessions_across_midnight(
    timedoctor: TimeDoctor, caller: Caller, users: list[str], edges: str, what: str
) -> None:
    """The documents don't say what happens to them at a window's edge."""
    timedoctor.edges = edges
    week = days_of(caller, users, MONDAY, MONDAY + 5 * DAY)
    across = [
        row
        for day, rows in enumerate(week)
        for row in rows
        if start(row) + timedelta(seconds=row["time"]) > MONDAY + (day + 1) * DAY
    ]
    begun_before = [row for day, rows in enumerate(week) for row in rows if start(row) < MONDAY + day * DAY]
    at_midnight = [row for rows in week for row in rows if "T00:00:00" in row["start"]]
    assert bool(across) == (what != "parts")
    assert bool(begun_before) == (what == "twice")
    assert bool(at_midnight) == (what == "parts")


def test_a_running_session_grows(timedoctor: TimeDoctor, caller: Caller, users: list[str]) -> None:
    today = AT.replace(hour=0, minute=0)
    (before,) = days_of(caller, users, today, today + DAY)
    timedoctor.world.set_clock(AT + timedelta(minutes=9))
    (after,) = days_of(caller, users, today, today + DAY)
    known = {(row["userId"], row.get("deviceId"), row["start"]): row["time"] for row in before}
    grown = [
        row
        for row in after
        if 0 < known.get((row["userId"], row.get("deviceId"), row["start"]), 0) < row["time"]
    ]
    assert grown
    assert all(start(row) + timedelta(seconds=row["time"]) <= AT + timedelta(minutes=9) for row in grown)


def test_days_go_on_changing_for_weeks(timedoctor: TimeDoctor, caller: Caller, users: list[str]) -> None:
    """Late uploads add to a day, a manager's edits change it, one empties it; after four weeks it rests."""
    since, until = MONDAY - 28 * DAY, MONDAY
    seen = {}
    for days_later in (0, 9, 27, 40):
        timedoctor.world.set_clock(until + days_later * DAY)
        seen[days_later] = [str(rows) for rows in days_of(caller, users, since, until)]
    assert sum(one != other for one, other in zip(seen[0], seen[9], strict=True)) > 5
    assert sum(one != other for one, other in zip(seen[9], seen[27], strict=True)) > 2
    assert seen[27] == seen[40]


def test_the_vendor_forgets(timedoctor: TimeDoctor, caller: Caller, users: list[str]) -> None:
    """What is too old looks like a day on which nobody worked, and a deleted user as if never there."""
    window = {"from": MONDAY.isoformat(), "to": (MONDAY + DAY).isoformat(), "user": ",".join(users)}
    paths = ("/activity/worklog", "/activity/timeuse", "/files/screenshot")
    assert all(any(caller.get(path, **window).json()["data"]) for path in paths)
    tester = next(
        one for one in members(timedoctor.world.company) if one.archived_at and "tester" in one.email
    )
    timedoctor.world.set_clock(AT + 182 * DAY)
    assert [any(caller.get(path, **window).json()["data"]) for path in paths] == [False] * 3
    assert tester.id not in [one["id"] for one in caller.all("/users", **{"include-archived-users": "true"})]


def test_nobody_is_named_beside_what_they_looked_at(caller: Caller, users: list[str]) -> None:
    window = {"from": MONDAY.isoformat(), "to": (MONDAY + DAY).isoformat(), "user": ",".join(users)}
    lists = caller.get("/activity/timeuse", **window).json()["data"]
    assert len(lists) == len(users)
    rows = [row for one in lists for row in one]
    assert all("userId" not in row for row in rows)
    assert {row["score"] for row in rows} == {0, 1, 2, 3, 4}


def test_screenshots_are_numbered_anew_each_day(
    timedoctor: TimeDoctor, caller: Caller, users: list[str]
) -> None:
    timedoctor.most_rows = 60
    window = {"from": MONDAY.isoformat(), "to": (MONDAY + 2 * DAY).isoformat(), "user": ",".join(users)}
    entries = caller.all("/files/screenshot", **window)
    seen = Counter(
        (one["userId"], one["deviceId"], one["date"][:10], shot["number"])
        for one in entries
        for shot in one["numbers"]
    )
    assert set(seen.values()) == {1}
    assert sum(number == "0" for *_, number in seen) > len(users)
    url = entries[0]["numbers"][0].pop("url")
    timedoctor.world.set_clock(AT + timedelta(hours=1))
    again = caller.all("/files/screenshot", **window)[0]
    assert again["numbers"][0].pop("url") != url
    assert again == entries[0]


def test_a_login_without_the_right_words_is_refused(timedoctor: TimeDoctor, caller: Caller) -> None:
    refused = [
        caller.log_in(password="another"),
        caller.log_in(totpCode="000000"),
        caller.log_in(email="x@y"),
    ]
    assert [one.status_code for one in refused] == [401, 401, 401]
    timedoctor.credentials.is_revoked = True
    assert caller.log_in().status_code == 403
    assert caller.get("/users").status_code == 401


def test_the_codes_are_those_of_rfc_6238() -> None:
    """By its own table, and as another's library makes them."""
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    assert [code(secret, at) for at in (59, 1111111109, 20000000000)] == ["287082", "081804", "353130"]
    assert code(secret, 1_800_000_000) == pyotp.TOTP(secret).at(1_800_000_000)


def test_tokens_run_out_and_say_what_they_may(timedoctor: TimeDoctor, caller: Caller) -> None:
    assert timedoctor.credentials.permissions == ["read"]
    caller.log_in(permissions=None)
    assert timedoctor.credentials.permissions[-1] == "write"
    timedoctor.credentials.expire()
    assert caller.get("/users").json()["error"] == "invalidToken"
    with serving(timedoctor.world) as other:
        other.credentials.lifetime_seconds = -1
        assert Caller(other).get("/users").status_code == 401


def test_a_token_ends_with_the_logout(caller: Caller) -> None:
    assert caller.get("/logout").status_code == 200
    assert caller.get("/users").status_code == 401


def test_the_demoted_see_their_own_hours_only(
    timedoctor: TimeDoctor, caller: Caller, users: list[str]
) -> None:
    timedoctor.is_demoted = True
    assert caller.get("/users").status_code == 403
    (own,) = caller.worklogs(users, MONDAY, MONDAY + DAY)
    assert {row["userId"] for row in own} == {timedoctor.credentials.user_id}


def test_another_company_is_not_shown(caller: Caller) -> None:
    assert caller.get("/users", company="another").status_code == 403
    assert [one["id"] for one in caller.get("/companies").json()["data"]] == [caller.timedoctor.company_id]


@pytest.mark.parametrize(
    "window", [{}, {"from": "2026-06-15", "to": "2026-06-16"}, {"from": "soon", "to": "x"}]
)
def test_a_window_has_two_moments(caller: Caller, window: dict[str, str]) -> None:
    assert caller.get("/activity/worklog", **window).status_code == 400


def test_long_bodies_are_cut_under_200(timedoctor: TimeDoctor, caller: Caller, users: list[str]) -> None:
    """Fewer users help; a smaller limit does not."""
    timedoctor.most_bytes = 6_000
    window = {"from": MONDAY.isoformat(), "to": (MONDAY + DAY).isoformat()}
    answer = caller.get("/activity/timeuse", user=",".join(users), **window, limit="10")
    assert answer.status_code == 200
    assert int(answer.headers["Content-Length"]) == len(answer.content) == 6_000
    with pytest.raises(requests.JSONDecodeError):
        answer.json()
    assert caller.get("/activity/timeuse", user=users[0], **window).json()["data"]


def test_lists_go_missing_on_request(timedoctor: TimeDoctor, caller: Caller, users: list[str]) -> None:
    whole = caller.worklogs(users, MONDAY, MONDAY + DAY)
    timedoctor.switches.alter("/activity/worklog", errors.without_lists(2))
    assert len(caller.worklogs(users, MONDAY, MONDAY + DAY)) == len(whole) - 2
    assert caller.worklogs(users, MONDAY, MONDAY + DAY) == whole


def test_the_usual_failures_come_on_request(timedoctor: TimeDoctor, caller: Caller) -> None:
    timedoctor.switches.answer_instead("GET /api/1.0/users", bad_gateway)
    assert caller.get("/users").status_code == 502
    timedoctor.switches.answer_instead("/users", lambda: errors.too_many(7))
    limited = caller.get("/users")
    assert (limited.status_code, limited.headers["Retry-After"]) == (429, "7")
    fault = {"pattern": "/users", "fault": "forbidden", "times": 1}
    requests.post(f"{timedoctor.address}/_sandbox/faults", json=fault, timeout=120)
    assert [caller.get("/users").status_code for _ in range(2)] == [403, 200]
    timedoctor.switches.alter("/users", errors.cut_short)
    with pytest.raises(requests.JSONDecodeError):
        caller.get("/users").json()


def start(row: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(row["start"])


def stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")
