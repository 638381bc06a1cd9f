"""GitHub's limits: told apart, waited for if that is short, and never hammered."""

import threading
from typing import Any

import pytest

from observes_assets.errors import TransientError
from observes_assets.sources.github.client import Client
from observes_assets.sources.github.issues import issues
from observes_assets.sources.github.pace import StoppedError
from tests.integration.sources.github.conftest import SITE, Clock, MakeClient, issue, read, walk_from
from tests.integration.sources.github.vendor import EPOCH, Reply, Vendor

PATH = "/orgs/octo"
SECONDARY = {"message": "You have exceeded a secondary rate limit. Please wait a few minutes."}
PRIMARY = {"message": "API rate limit exceeded for user ID 583231."}


def spent(seconds: int) -> dict[str, str]:
    """Headers of an hour that is used up."""
    return {
        "x-ratelimit-limit": "5000",
        "x-ratelimit-remaining": "0",
        "x-ratelimit-resource": "core",
        "x-ratelimit-reset": str(EPOCH + seconds),
    }


@pytest.mark.parametrize(
    ("reply", "waited"),
    [
        (Reply(SECONDARY, 403, {"retry-after": "7"}), 7),
        (Reply(SECONDARY, 429, {"retry-after": "7"}), 7),
        (Reply(SECONDARY, 403), 60),  # without a hint, though much is left of the hour
        (Reply(SECONDARY, 403, {**spent(20), "x-ratelimit-remaining": "4000"}), 60),
        (Reply({"message": "slow down"}, 429), 60),
        (Reply(PRIMARY, 403, spent(20)), 21),
        (Reply(PRIMARY, 429, spent(20)), 21),
    ],
)
def test_each_kind_of_limit_is_waited_for_as_github_asks(
    client: Client, vendor: Vendor, clock: Clock, reply: Reply, waited: float
) -> None:
    vendor.rest[PATH] = {"id": 1}
    vendor.faults[PATH].append(reply)
    assert client.get("octo", PATH).document == {"id": 1}
    assert clock.slept == [waited]


def test_a_secondary_limit_that_goes_on_is_waited_for_longer_then_given_up(
    make_client: MakeClient, vendor: Vendor, clock: Clock
) -> None:
    client = make_client(wait=1000)
    vendor.faults[PATH].extend([Reply(SECONDARY, 403)] * 9)
    with pytest.raises(StoppedError, match="secondary rate limit is used up; we have waited for it 3 times"):
        client.get("octo", PATH)
    assert clock.slept == [60, 120, 240]
    assert len(vendor.asked) == 4


def test_a_reset_that_is_too_far_away_stops_everything_that_it_pays_for(
    make_client: MakeClient, vendor: Vendor, clock: Clock
) -> None:
    client = make_client(wait=30)
    vendor.faults[PATH].append(Reply(PRIMARY, 403, spent(1800)))
    vendor.graphql["q"] = {"a": 1}
    with pytest.raises(StoppedError, match=r"1801 s away, and OBSERVES_GITHUB_WAIT allows 30 s"):
        client.get("octo", PATH)
    with pytest.raises(StoppedError):
        client.get("other", "/orgs/other")
    assert vendor.paths() == [PATH]  # nobody hammers
    assert clock.slept == []
    assert client.query("q", "query q(", {}) == {"a": 1}  # another limit pays for GraphQL


def test_a_refusal_that_is_no_limit_is_not_tried_again(client: Client, vendor: Vendor) -> None:
    vendor.rest[PATH] = Reply({"message": "Resource not accessible by integration"}, 403)
    with pytest.raises(Exception, match="may not read it"):
        client.get("octo", PATH)
    assert len(vendor.asked) == 1


def test_graphql_s_limit_arrives_with_status_200(client: Client, vendor: Vendor, clock: Clock) -> None:
    limited = {"errors": [{"type": "RATE_LIMITED", "message": "API rate limit exceeded"}]}
    vendor.faults["q"].append(Reply(limited, headers={**spent(9), "x-ratelimit-resource": "graphql"}))
    vendor.graphql["q"] = {"a": 1}
    assert client.query("q", "query q(", {}) == {"a": 1}
    assert clock.slept == [10]


def test_graphql_s_secondary_limit_may_be_200_without_retry_after(
    client: Client, vendor: Vendor, clock: Clock
) -> None:
    vendor.faults["q"].append(Reply({"data": None, "errors": [{"message": SECONDARY["message"]}]}))
    vendor.graphql["q"] = {"a": 1}
    assert client.query("q", "query q(", {}) == {"a": 1}
    assert clock.slept == [60]


def test_what_is_left_of_the_hour_is_remembered(client: Client, vendor: Vendor) -> None:
    vendor.rest[PATH] = Reply({"id": 1}, headers={**spent(60), "x-ratelimit-remaining": "4321"})
    client.get("octo", PATH)
    (quota,) = client.pace.quotas.values()
    assert (quota.resource, quota.limit, quota.remaining) == ("core", 5000, 4321)
    assert int(quota.resets_at.timestamp()) == EPOCH + 60


def test_broken_servers_are_tried_again(client: Client, vendor: Vendor) -> None:
    vendor.rest[PATH] = {"id": 1}
    vendor.faults[PATH].extend([Reply("<html>", 502), Reply("", 503)])
    assert client.get("octo", PATH).document == {"id": 1}


def test_a_server_that_stays_broken_is_a_transient_failure(client: Client, vendor: Vendor) -> None:
    vendor.rest[PATH] = Reply("<html>", 500)
    with pytest.raises(TransientError, match="500 for octo"):
        client.get("octo", PATH)


def test_an_answer_that_is_cut_off_is_no_answer(client: Client, vendor: Vendor) -> None:
    vendor.rest[PATH] = Reply('{"id": 1, "login": "oc')
    with pytest.raises(TransientError, match="cut off"):
        client.get("octo", PATH)


def test_no_more_requests_are_under_way_than_the_contract_allows(
    make_client: MakeClient, vendor: Vendor
) -> None:
    client = make_client(concurrency=2)
    gate = threading.Barrier(2, timeout=60)

    def answer(_asked: Any) -> Reply:
        gate.wait()
        return Reply({"id": 1})

    vendor.rest[PATH] = answer
    threads = [threading.Thread(target=client.get, args=("octo", PATH)) for _ in range(6)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert vendor.most_under_way == 2


def test_no_more_requests_of_a_kind_begin_in_a_minute_than_the_contract_allows(
    make_client: MakeClient, vendor: Vendor, clock: Clock
) -> None:
    client = make_client(requests=3)
    vendor.rest[PATH] = {"id": 1}
    for _ in range(7):
        client.get("octo", PATH)
    assert clock.slept == [60, 60]


def test_single_things_are_of_one_kind_whatever_their_numbers(
    make_client: MakeClient, vendor: Vendor, clock: Clock
) -> None:
    client = make_client(requests=3)
    for number in range(4):
        vendor.rest[path := f"/repos/octo/site/issues/{number}"] = {"id": number}
        client.look("an issue", path)
    assert clock.slept == [60]


def test_pygithub_adds_no_pause_of_its_own(client: Client, vendor: Vendor) -> None:
    vendor.rest[PATH] = {"id": 1}
    client.get("octo", PATH)
    with client._line() as line:  # the one that was just used
        pauses = line._requester.kwargs
    assert (pauses["seconds_between_requests"], pauses["seconds_between_writes"]) == (None, None)


def test_a_first_reading_cut_short_goes_on_where_it_was(make_client: MakeClient, vendor: Vendor) -> None:
    path = "/repos/octo/site/issues"
    rows = [issue(1, "2026-11-16T07:00:00Z"), issue(2, "2026-11-16T08:00:00Z")]
    vendor.paged(path, rows, per_page=1)
    client = make_client(wait=1)
    next_page = vendor.rest[path]

    def limited(asked: Any) -> Reply:
        return Reply(PRIMARY, 403, spent(1800)) if "page" in asked.query else next_page(asked)

    vendor.rest[path] = limited
    walk = walk_from()
    with pytest.raises(StoppedError):
        issues(client, SITE, walk)
    walk.cut_short()
    assert [one["number"] for one in read(walk)] == [1]
    assert walk.kind == "differential"
    assert walk.cursor == {
        "newest_at": "2026-11-16T07:00:00Z",
        "walking_from": "2026-11-16T09:00:00Z",
    }
    vendor.paged(path, [rows[1]])
    issues(make_client(), SITE, again := walk_from(walk.cursor))
    assert vendor.asked[-1].query["since"] == "2026-11-16T06:55:00Z"
    assert again.cursor is not None
    assert again.cursor["swept_at"] == "2026-11-16T09:00:00Z"
    assert "walking_from" not in again.cursor
