"""TimeDoctor's traps, over real HTTP: each is a way to lose hours, or to give them to somebody else."""

import base64
import time
from datetime import UTC, date, datetime
from typing import Any

import pytest

from observes_assets.contracts import RateLimit
from observes_assets.errors import PermanentError, SourceError, TransientError
from observes_assets.sources.timedoctor import by_user, streams
from observes_assets.sources.timedoctor.access import totp
from observes_assets.sources.timedoctor.by_user import UserSets
from observes_assets.sources.timedoctor.client import Client
from observes_assets.sources.timedoctor.failures import CutOffError
from observes_assets.sources.timedoctor.streams import Question
from tests.integration.sources.timedoctor.conftest import MakeClient
from tests.integration.sources.timedoctor.vendor import Asked, Reply, Vendor, cut

DAY = date(2026, 11, 16)
PEOPLE = ["ana", "bo", "cleo", "dario"]


def row(user: str, **more: Any) -> dict[str, Any]:
    return {"start": "2026-11-16T09:00:00.000Z", "time": 60, "mode": "computer", "userId": user, **more}


def worklogs(client: Client, users: list[str], sets: UserSets | None = None) -> list[dict[str, Any]]:
    return list(streams.worklogs(client, sets or UserSets(), Question("quill", DAY, users)))


def everybody_worked(vendor: Vendor) -> None:
    vendor.worklogs = {user: [row(user)] for user in PEOPLE}


def test_the_login_asks_for_reading_only_and_gives_its_second_factor(client: Client, vendor: Vendor) -> None:
    client.log_in()
    said = vendor.asked[0].body
    assert said["permissions"] == "read"
    assert said["totpCode"] in {totp("JBSWY3DPEHPK3PXP", time.time() - late) for late in range(0, 300, 30)}


def test_second_factors_are_those_of_the_standard() -> None:
    # RFC 6238, appendix B, its last six digits.
    secret = base64.b32encode(b"12345678901234567890").decode()
    assert [totp(secret, at) for at in (59, 1111111109, 20000000000)] == ["287082", "081804", "353130"]
    assert totp("jbswy3dpehpk3pxp", 59) == totp("JBSWY3DPEHPK3PXP", 59)


def test_the_token_is_in_the_header_and_nowhere_else(client: Client, vendor: Vendor) -> None:
    everybody_worked(vendor)
    worklogs(client, PEOPLE)
    client.close()
    assert vendor.paths() == ["login", "activity/worklog", "logout"]
    assert vendor.asked[1].authorization == vendor.asked[2].authorization == "JWT token-1"
    assert not any("token" in one.query for one in vendor.asked)
    assert "token-1" not in repr(client.access)
    assert "a password" not in repr(client.access)


def test_a_token_that_has_lapsed_is_renewed_by_logging_in(client: Client, vendor: Vendor) -> None:
    everybody_worked(vendor)
    client.log_in()
    vendor.valid.clear()
    assert len(worklogs(client, PEOPLE)) == 4
    assert vendor.paths() == ["login", "activity/worklog", "login", "activity/worklog"]


def test_a_netrc_does_not_take_the_token_s_place(
    client: Client, vendor: Vendor, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    everybody_worked(vendor)
    assert len(worklogs(client, PEOPLE)) == 4
    assert [one.authorization[:3] for one in vendor.asked] == ["", "JWT"]


def test_a_body_cut_off_under_200_halves_the_users_and_goes_on(client: Client, vendor: Vendor) -> None:
    everybody_worked(vendor)

    def answer(asked: Asked) -> Reply:
        whole = vendor.of_users(asked)
        return cut(whole.body) if len(asked.users) > 1 else whole

    vendor.answers["activity/worklog"] = answer
    sets = UserSets()
    assert [one["user_id"] for one in worklogs(client, PEOPLE, sets)] == PEOPLE
    sizes = [len(one.users) for one in vendor.asked if one.path == "activity/worklog"]
    assert sizes == [4, 2, 1, 1, 1, 1]
    # The next day begins with what worked.
    worklogs(client, PEOPLE, sets)
    assert [len(one.users) for one in vendor.asked[-4:]] == [1, 1, 1, 1]


def test_one_user_s_body_that_stays_cut_off_fails_and_is_no_empty_day(client: Client, vendor: Vendor) -> None:
    everybody_worked(vendor)
    vendor.answers["activity/worklog"] = lambda asked: cut(vendor.of_users(asked).body)
    with pytest.raises(CutOffError):
        worklogs(client, ["ana"])
    assert vendor.paths().count("activity/worklog") == 5


def test_fewer_inner_lists_than_users_are_asked_for_one_by_one(client: Client, vendor: Vendor) -> None:
    everybody_worked(vendor)
    del vendor.worklogs["bo"]

    def answer(asked: Asked) -> Reply:
        lists = vendor.of_users(asked).body["data"]
        return Reply({"data": [one for one in lists if one]})

    vendor.answers["activity/worklog"] = answer
    assert [one["user_id"] for one in worklogs(client, PEOPLE)] == ["ana", "cleo", "dario"]


def test_lists_in_another_order_than_asked_are_nobody_else_s_hours(client: Client, vendor: Vendor) -> None:
    everybody_worked(vendor)

    def answer(asked: Asked) -> Reply:
        lists = vendor.of_users(asked).body["data"]
        return Reply({"data": lists[::-1]})

    vendor.answers["activity/worklog"] = answer
    assert [(one["user_id"], one["userId"]) for one in worklogs(client, PEOPLE)] == [
        (user, user) for user in PEOPLE
    ]


def test_rows_of_somebody_else_alone_are_refused(client: Client, vendor: Vendor) -> None:
    vendor.worklogs = {"ana": [row("owner")]}
    with pytest.raises(TransientError, match="not asked for"):
        worklogs(client, ["ana"])


def test_without_named_users_there_is_no_request_since_it_would_be_about_the_login(
    client: Client, vendor: Vendor
) -> None:
    vendor.worklogs = {"owner": [row("owner")]}
    assert worklogs(client, []) == []
    assert vendor.asked == []


def test_many_users_are_asked_for_in_addresses_that_servers_take(client: Client, vendor: Vendor) -> None:
    crowd = [f"user-{number:020}" for number in range(250)]
    assert worklogs(client, crowd) == []
    assert [len(one.users) for one in vendor.asked[1:]] == [by_user.MOST_USERS, by_user.MOST_USERS, 50]


@pytest.mark.parametrize(
    "body", [{"error": "internalError"}, {"message": "later"}, {"data": None}, [], "text"]
)
def test_an_error_under_200_is_no_empty_day(client: Client, vendor: Vendor, body: Any) -> None:
    vendor.answers["activity/worklog"] = lambda _: Reply(body)
    with pytest.raises(TransientError):
        worklogs(client, PEOPLE)


def test_the_window_is_the_day_whatever_the_machine_s_time_zone(
    client: Client, vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "Asia/Kolkata")
    worklogs(client, PEOPLE)
    query = vendor.asked[-1].query
    assert (query["from"], query["to"]) == ("2026-11-16T00:00:00Z", "2026-11-17T00:00:00Z")
    assert (query["detail"], query["task-project-names"]) == ("true", "true")


def test_use_of_programs_is_asked_of_one_user_at_a_time(client: Client, vendor: Vendor) -> None:
    vendor.worklogs = {"ana": [{"value": "Editor"}], "bo": [{"value": "Mail"}, {"value": "Mail"}]}
    question = Question("quill", DAY, ["ana", "bo"])
    found = list(streams.app_uses(client, UserSets(), question))
    assert [(one["user_id"], one["value"]) for one in found] == [
        ("ana", "Editor"),
        ("bo", "Mail"),
        ("bo", "Mail"),
    ]
    assert [one.users for one in vendor.asked[1:]] == [["ana"], ["bo"]]


def test_archived_users_are_asked_for_and_pages_go_on_by_text_and_by_number(
    client: Client, vendor: Vendor
) -> None:
    pages = {"": ("page", "2nd"), "2nd": ("paging", 3), "3": ("paging", None)}

    def answer(asked: Asked) -> Reply:
        name, cursor = pages[asked.query.get("page", "")]
        rows = [{"id": f"user {asked.query.get('page', '1st')}"}]
        return Reply({"data": rows, name: {"next": cursor}})

    vendor.answers["users"] = answer
    assert [one["id"] for one in streams.users(client, "quill")] == ["user 1st", "user 2nd", "user 3"]
    assert {one.query["include-archived-users"] for one in vendor.asked[1:]} == {"true"}


def test_pages_that_go_in_circles_are_no_list(client: Client, vendor: Vendor) -> None:
    vendor.answers["users"] = lambda _: Reply({"data": [{"id": "ana"}], "paging": {"next": "again"}})
    with pytest.raises(TransientError, match="circles"):
        list(streams.users(client, "quill"))


def test_screenshots_of_nobody_who_was_asked_for_are_refused(client: Client, vendor: Vendor) -> None:
    taken = {"userId": "owner", "date": "2026-11-16T09:00:00Z", "deviceId": "a", "numbers": [{"number": 0}]}
    vendor.answers["files/screenshot"] = lambda _: Reply({"data": [taken]})
    with pytest.raises(TransientError, match="nobody who was asked for"):
        list(streams.screenshots(client, UserSets(), Question("quill", DAY, PEOPLE)))


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_what_may_pass_is_tried_again(client: Client, vendor: Vendor, status: int) -> None:
    everybody_worked(vendor)
    client.log_in()
    vendor.faults.extend([Reply("", status, (("Retry-After", "0"),))] * 2)
    assert len(worklogs(client, PEOPLE)) == 4


def test_a_limit_that_lasts_long_is_told_and_not_waited_for(client: Client, vendor: Vendor) -> None:
    client.log_in()
    vendor.faults.append(Reply("", 429, (("Retry-After", "3600"),)))
    with pytest.raises(TransientError, match="wait 3600 s") as raised:
        worklogs(client, PEOPLE)
    assert raised.value.retry_after_seconds == 3600
    for _ in range(2):  # nor is it asked for anything else, day by day
        with pytest.raises(TransientError, match="wait 3600 s"):
            worklogs(client, PEOPLE)
    client.close()
    assert len(vendor.asked) == 2


def test_a_login_that_is_limited_for_long_is_told_and_not_tried_again(client: Client, vendor: Vendor) -> None:
    vendor.faults.append(Reply("", 429, (("Retry-After", "3600"),)))
    with pytest.raises(TransientError, match="wait 3600 s"):
        client.log_in()
    assert len(vendor.asked) == 1


def test_who_is_down_is_not_asked_five_times_for_each_day(make_client: MakeClient) -> None:
    client = make_client(url="http://127.0.0.1:1")
    for _ in range(3):
        with pytest.raises(TransientError, match="can't be reached"):
            client.log_in()
    before = client.request_count
    with pytest.raises(TransientError):
        client.log_in()
    assert (before, client.request_count) == (15, 16)


@pytest.mark.parametrize("status", [400, 401, 403])
def test_a_refused_login_says_what_to_check_and_no_secret(
    client: Client, vendor: Vendor, status: int
) -> None:
    vendor.faults.append(Reply({"error": "invalidCredentials"}, status))
    with pytest.raises(PermanentError) as raised:
        client.log_in()
    told = str(raised.value)
    assert "OBSERVES_TIMEDOCTOR_PASSWORD" in told
    assert "OBSERVES_TIMEDOCTOR_TOTP_SECRET" in told
    assert "a password" not in told
    assert "quillmark" not in told
    assert vendor.paths() == ["login"]


@pytest.mark.parametrize(
    ("status", "words"),
    [(401, "revoked"), (403, "may not read it"), (404, "OBSERVES_TIMEDOCTOR_COMPANY"), (418, "answers 418")],
)
def test_what_a_person_must_mend_is_not_tried_again(
    client: Client, vendor: Vendor, status: int, words: str
) -> None:
    vendor.answers["activity/worklog"] = lambda _: Reply({"error": "no"}, status)
    with pytest.raises(PermanentError) as raised:
        worklogs(client, PEOPLE)
    assert words in str(raised.value)
    assert vendor.paths().count("activity/worklog") == (2 if status == 401 else 1)


def test_a_redirection_is_not_followed_with_the_token(client: Client, vendor: Vendor) -> None:
    client.log_in()
    vendor.faults.append(Reply("", 302, (("Location", "https://elsewhere.example/"),)))
    with pytest.raises(SourceError, match="answers 302"):
        worklogs(client, PEOPLE)


def test_requests_keep_to_the_limit(make_client: MakeClient, vendor: Vendor) -> None:
    slept: list[float] = []
    client = make_client(
        limit=RateLimit(requests=2, period_seconds=60), clock=lambda: 60.0 * len(slept), sleep=slept.append
    )
    everybody_worked(vendor)
    for _ in range(3):
        worklogs(client, PEOPLE)
    assert slept == [60.0]


def test_the_vendor_s_clock_is_what_days_go_by(client: Client) -> None:
    client.log_in()
    assert client.server_at == datetime(2026, 11, 16, 9, tzinfo=UTC)
