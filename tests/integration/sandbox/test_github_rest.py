"""The odd behaviours of GitHub's REST API, as the sandbox has them."""

from datetime import timedelta
from email.utils import parsedate_to_datetime

import pytest
import requests

from observes_assets.sandbox.company import Company, issues, organization
from observes_assets.sandbox.github import GitHub
from observes_assets.sandbox.github.faults import partial_sso
from observes_assets.sandbox.github.limits import secondary
from observes_assets.sandbox.switches import bad_gateway, cut
from tests.integration.sandbox.conftest import AT, SITE, Caller


def test_issues_hold_pull_requests_under_the_issues_id(caller: Caller) -> None:
    rows = caller.all(f"{SITE}/issues", state="all", per_page=100)
    pulls = {one["number"]: one for one in caller.all(f"{SITE}/pulls", state="all", per_page=100)}
    among = {one["number"]: one for one in rows if "pull_request" in one}
    assert among.keys() == pulls.keys()
    assert all(among[number]["id"] != pulls[number]["id"] for number in pulls)
    assert all(among[number]["node_id"] == pulls[number]["node_id"] for number in pulls)


def test_lists_are_of_open_things_unless_told(caller: Caller) -> None:
    assert {one["state"] for one in caller.all(f"{SITE}/issues")} == {"open"}
    assert {one["state"] for one in caller.all(f"{SITE}/pulls", state="merged")} <= {"open"}


def test_issues_are_paged_by_cursor_only(caller: Caller) -> None:
    first = caller.get(f"{SITE}/issues", state="all", per_page=20)
    assert set(first.links) == {"next"}
    assert "after=" in first.links["next"]["url"]
    assert f"/repositories/{caller.get(SITE).json()['id']}/issues?" in first.links["next"]["url"]
    second = caller.get(first.links["next"]["url"])
    assert set(second.links) == {"next", "prev"}
    numbers = [one["number"] for one in caller.all(f"{SITE}/issues", state="all", per_page=20)]
    assert len(numbers) == len(set(numbers))
    assert numbers[20:40] == [one["number"] for one in second.json()]
    assert numbers[:20] == [one["number"] for one in caller.get(second.links["prev"]["url"]).json()]


def test_other_lists_are_paged_by_number_and_one_page_has_no_link(caller: Caller) -> None:
    first = caller.get(f"{SITE}/pulls", state="all", per_page=10)
    assert set(first.links) == {"next", "last"}
    assert "Link" not in caller.get(f"{SITE}/labels").headers


def test_more_than_a_hundred_a_page_is_silently_a_hundred(caller: Caller) -> None:
    assert len(caller.get(f"{SITE}/issues", state="all", per_page=500).json()) == 100
    assert len(caller.get(f"{SITE}/issues", state="all").json()) == 30


def test_since_is_about_updates_and_includes_its_moment(caller: Caller) -> None:
    rows = caller.all(f"{SITE}/issues", state="all", sort="updated", direction="asc", per_page=100)
    times = [one["updated_at"] for one in rows]
    assert times == sorted(times)
    found = caller.all(f"{SITE}/issues", state="all", since=times[50], per_page=100)
    assert {one["number"] for one in found} == {
        one["number"] for one in rows if one["updated_at"] >= times[50]
    }


def test_equal_moments_stay_newest_first(github: GitHub) -> None:
    def touch(company: Company) -> None:
        for number in (3, 1, 2):
            issues.touch(company, company.repository("harbor").issues[number])

    github.world.set_clock(AT + timedelta(seconds=1))
    github.world.change(touch)
    caller = Caller(github)
    for direction, place in (("asc", slice(-3, None)), ("desc", slice(3))):
        rows = caller.all(f"{SITE}/issues", state="all", sort="updated", direction=direction, per_page=100)
        assert [one["number"] for one in rows[place]] == [3, 2, 1]


def test_what_is_transferred_deleted_hidden_or_unknown_answers_each_in_its_way(caller: Caller) -> None:
    company = caller.github.world.company
    pairs = [(r, one) for r in company.repositories for one in r.issues.values() if one.gone]
    deleted = next((r.name, one.number) for r, one in pairs if one.gone == "deleted")
    moved = next((r.name, one.number) for r, one in pairs if one.gone != "deleted")
    assert caller.get("/repos/quillmark-works/{}/issues/{}".format(*deleted)).status_code == 410
    answer = caller.get("/repos/quillmark-works/{}/issues/{}".format(*moved))
    assert answer.status_code == 301
    assert caller.get(answer.headers["Location"]).json()["title"]
    assert caller.get("/repos/quillmark-works/lantern/issues/1").status_code == 404
    assert caller.get(f"{SITE}/issues/99999").status_code == 404


def test_a_renamed_repository_leads_to_its_id(github: GitHub) -> None:
    def rename(company: Company) -> None:
        organization.rename_repository(company, company.repository("harbor"), "haven")

    github.world.change(rename)
    answer = Caller(github).get(f"{SITE}/labels", per_page=5)
    assert answer.status_code == 301
    assert "/repositories/" in answer.headers["Location"]
    assert len(Caller(github).get(answer.headers["Location"]).json()) == 4


def test_what_is_unchanged_costs_nothing(github: GitHub) -> None:
    caller = Caller(github)
    first = caller.get(f"{SITE}/labels")
    caller.session.headers["If-None-Match"] = first.headers["ETag"]
    again = caller.get(f"{SITE}/labels")
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["X-RateLimit-Remaining"] == first.headers["X-RateLimit-Remaining"] == "4999"
    assert caller.get(f"{SITE}/milestones").status_code == 200


def test_the_date_is_the_worlds(caller: Caller) -> None:
    assert parsedate_to_datetime(caller.get("/rate_limit").headers["Date"]) == AT


def test_limits_are_told_from_each_other(github: GitHub) -> None:
    caller = Caller(github)
    github.limits.use_up("core", resets_in_seconds=3600)
    first = caller.get(SITE)
    assert (first.status_code, first.headers["X-RateLimit-Remaining"]) == (403, "0")
    assert "API rate limit exceeded" in first.json()["message"]
    reset_at = AT.timestamp() + 3600  # by the clock that Date shows
    assert abs(int(first.headers["X-RateLimit-Reset"]) - reset_at) < 600  # another clock is months away
    github.limits.use_up("core", resets_in_seconds=-1)
    github.switches.answer_instead("harbor", secondary)
    github.switches.answer_instead("harbor", lambda: secondary(7, 429), skip=1)
    second, third = caller.get(SITE), caller.get(SITE)
    assert (second.status_code, "Retry-After" in second.headers) == (403, False)
    assert "secondary rate limit" in second.json()["message"]
    assert int(second.headers["X-RateLimit-Remaining"]) > 0
    assert (third.status_code, third.headers["Retry-After"]) == (429, "7")
    assert caller.get(SITE).status_code == 200


def test_too_much_at_once_is_refused(github: GitHub) -> None:
    github.limits.burst = 3
    caller = Caller(github)
    assert [caller.get(SITE).status_code for _ in range(4)] == [200, 200, 200, 403]


def test_tokens(github: GitHub) -> None:
    def status(token: str, path: str) -> int:
        return Caller(github, token).get(path).status_code

    bare = github.credentials.add("ghp_bare", "public_repo")
    all_seeing = github.credentials.add("ghp_all", "repo", "read:org", sees_hidden=True)
    assert status("ghp_wrong", SITE) == 401
    assert status(bare, "/orgs/quillmark-works/members") == 403
    assert status(bare, "/repos/quillmark-works/pylon") == 404
    assert status(all_seeing, "/repos/quillmark-works/lantern") == 200
    answer = Caller(github, bare).get(SITE)
    assert answer.headers["X-OAuth-Scopes"] == "public_repo"
    assert Caller(github).get(SITE).headers["X-OAuth-Scopes"] == "read:org, read:project, repo"


def test_an_unknown_version_is_refused(caller: Caller) -> None:
    caller.session.headers["X-GitHub-Api-Version"] = "2019-01-01"
    assert caller.get(SITE).status_code == 400


@pytest.mark.parametrize("page", [2, 3])
def test_rows_change_between_two_pages(github: GitHub, page: int) -> None:
    """An update at the head moves every following row by one: a page by number skips one."""

    def touch(company: Company) -> None:
        issues.comment(company, company.repository("harbor").issues[pulls[-1]], company.members()[0], "Now")

    caller = Caller(github)
    query = {"state": "all", "sort": "updated", "direction": "desc", "per_page": 10}
    pulls = [one["number"] for one in caller.all(f"{SITE}/pulls", **query)]
    github.switches.change_after("GET .*/pulls$", touch, skip=page - 2)
    seen = [one["number"] for one in caller.all(f"{SITE}/pulls", **query)]
    assert len(seen) == len(pulls)
    assert seen[10 * (page - 1)] == pulls[10 * (page - 1) - 1]  # twice
    assert pulls[-1] not in seen


def test_faults(github: GitHub) -> None:
    caller = Caller(github)
    github.switches.answer_instead("/labels", bad_gateway)
    assert caller.get(f"{SITE}/labels").headers["Content-Type"] == "text/html"
    github.switches.alter("/labels", partial_sso)
    half = caller.get(f"{SITE}/labels")
    assert (len(half.json()), half.headers["X-GitHub-SSO"][:15]) == (2, "partial-results")
    github.switches.alter("/labels", cut)
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        caller.get(f"{SITE}/labels")
    assert len(caller.get(f"{SITE}/labels").json()) == 4


def test_switches_from_outside(github: GitHub) -> None:
    session = Caller(github).session
    at = (AT + timedelta(days=1)).isoformat()
    assert session.post(f"{github.address}/_sandbox/clock", json={"at": at}, timeout=120).json() == {"at": at}
    fault = {"pattern": "/labels", "fault": "secondary", "options": {"retry_after": 1}, "times": 1}
    session.post(f"{github.address}/_sandbox/faults", json=fault, timeout=120)
    assert Caller(github).get(f"{SITE}/labels").headers["Retry-After"] == "1"
    assert session.get(f"{github.address}/_sandbox/requests", timeout=120).json() == [f"GET {SITE}/labels"]
