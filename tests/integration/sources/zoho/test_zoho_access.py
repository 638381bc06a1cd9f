"""Tokens, data centres, limits and errors of Zoho, as its API has them."""

import stat
from pathlib import Path
from typing import Any

import pytest

from observes_assets.errors import PermanentError, SettingsError, SourceError
from observes_assets.sandbox.messages import Answer
from observes_assets.sandbox.zoho import Zoho
from observes_assets.settings import Settings
from observes_assets.sources.configured import lacks_zoho
from observes_assets.sources.zoho import access
from observes_assets.sources.zoho.client import Client
from observes_assets.sources.zoho.credentials import Credentials
from observes_assets.sources.zoho.failures import GoneError, NoAccessError, StoppedError
from observes_assets.sources.zoho.streams import Span, question
from tests.integration.sources.zoho.conftest import Clock, MakeClient, access_to

TOKENS = "POST /oauth/v2/token"
LEADS = question("Leads", Span(), page_number=1, page_token=None)


def asked(vendor: Zoho, pattern: str) -> int:
    return sum(one.name.startswith(pattern) for one in vendor.requests)


def test_one_access_token_serves_every_process(vendor: Zoho, make_client: MakeClient) -> None:
    for _ in range(3):
        assert list(make_client().users())
    assert asked(vendor, TOKENS) == 1


def test_the_token_lies_in_a_file_of_its_owner_s_and_in_no_address(
    vendor: Zoho, make_client: MakeClient
) -> None:
    client = make_client()
    list(client.users())
    path = client.access.kept_in
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    (token,) = vendor.credentials.given
    secrets = {token, client.access.client_secret, client.access.refresh_token}
    assert not any(
        secret in one.path or secret in str(one.query) for one in vendor.requests for secret in secrets
    )
    assert not any(
        secret in repr(client.access) + repr(Credentials(client.access).grant()) for secret in secrets
    )
    assert vendor.requests[-1].headers["authorization"] == f"Zoho-oauthtoken {token}"


def test_a_netrc_does_not_take_the_token_s_place(
    vendor: Zoho, make_client: MakeClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    assert list(make_client().users())
    assert vendor.requests[-1].headers["authorization"].startswith("Zoho-oauthtoken ")


def test_200_access_denied_is_no_token_and_nobody_asks_again_for_ten_minutes(
    vendor: Zoho, tmp_path: Path
) -> None:
    vendor.credentials.most_tokens = 0
    for now in (1000.0, 1001.0, 1599.0):
        with pytest.raises(StoppedError, match="no access token") as raised:
            Credentials(access_to(vendor, tmp_path), clock=lambda now=now: now).grant()
        assert raised.value.retry_after_seconds == 1600 - now
    assert asked(vendor, TOKENS) == 1
    vendor.credentials.most_tokens = 10
    assert Credentials(access_to(vendor, tmp_path), clock=lambda: 1601.0).grant().access_token


def test_a_token_that_a_sixteenth_has_killed_is_renewed_once(vendor: Zoho, make_client: MakeClient) -> None:
    client = make_client()
    list(client.users())
    vendor.credentials.end_access()
    assert list(client.users())
    assert asked(vendor, TOKENS) == 2
    # Another process comes with the old one, and takes what the first one got.
    assert list(make_client().users())
    assert asked(vendor, TOKENS) == 2


def test_a_token_is_renewed_before_it_runs_out(vendor: Zoho, tmp_path: Path) -> None:
    now = [0.0]
    credentials = Credentials(access_to(vendor, tmp_path), clock=lambda: now[0])
    first = credentials.grant()
    now[0] = 3000
    assert credentials.grant() == first
    now[0] = 3400
    assert credentials.grant() != first


def test_the_api_is_where_the_token_s_answer_says(vendor: Zoho, make_client: MakeClient) -> None:
    vendor.api_domain = "http://127.0.0.1:9"  # nobody listens there
    client = make_client(kept_in=Path(f"{make_client().access.kept_in}.other"))
    with pytest.raises(SourceError):
        list(client.users())
    vendor.api_domain = vendor.address
    assert list(make_client().users())


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"refresh_token": "1000.expired"}, "refresh token"),
        ({"client_id": "1000.SOMEBODY"}, "does not know the client"),
        ({"client_secret": "0a1b2c"}, "does not know the client"),
    ],
)
def test_wrong_credentials_are_told_without_showing_them(
    make_client: MakeClient, wrong: dict[str, Any], told: str
) -> None:
    with pytest.raises(NoAccessError, match=told) as raised:
        list(make_client(**wrong).users())
    assert "OBSERVES_ZOHO_" in raised.value.remedy
    assert not any(value in str(raised.value) for value in wrong.values())


def test_a_revoked_user_ends_with_what_to_do(vendor: Zoho, make_client: MakeClient) -> None:
    client = make_client()
    list(client.users())
    vendor.credentials.revoke()
    with pytest.raises(NoAccessError) as raised:
        list(client.users())
    assert "OBSERVES_ZOHO_REFRESH_TOKEN" in raised.value.remedy


def test_a_missing_scope_is_named(vendor: Zoho, make_client: MakeClient) -> None:
    vendor.credentials.scopes = frozenset({"ZohoCRM.modules.ALL", "ZohoCRM.users.READ"})
    with pytest.raises(PermanentError, match="lacks a scope") as raised:
        make_client().create_export("the export of Leads", LEADS)
    assert "ZohoCRM.bulk.READ" in raised.value.remedy
    assert not isinstance(raised.value, NoAccessError), "other streams go on"


def test_an_unknown_module_is_told(make_client: MakeClient) -> None:
    with pytest.raises(PermanentError, match="no such module") as raised:
        make_client().create_export("it", question("Robots", Span(), page_number=1, page_token=None))
    assert "OBSERVES_ZOHO_MODULES" in raised.value.remedy
    with pytest.raises(PermanentError, match="no such module"):
        list(make_client().deleted("Robots", None))


@pytest.mark.parametrize("since", [False, True])
def test_no_deletion_has_no_body(vendor: Zoho, make_client: MakeClient, since: bool) -> None:
    vendor.world.change(lambda company: company.crm.deletions.clear())
    assert list(make_client().deleted("Leads", vendor.world.now if since else None)) == []


def test_the_eleventh_download_of_a_minute_waits(
    vendor: Zoho, make_client: MakeClient, clock: Clock, tmp_path: Path
) -> None:
    vendor.limits.downloads = 100  # it counts by another clock than we do here
    client = make_client()
    made = client.create_export("it", LEADS)
    result = client.export("it", made["id"])["result"]
    with (tmp_path / "zip").open("wb") as file:
        for _ in range(11):
            client.download("it", result["download_url"], file)
    assert clock.slept == [60.0]


def test_429_on_a_download_waits_a_minute(
    vendor: Zoho, make_client: MakeClient, clock: Clock, tmp_path: Path
) -> None:
    client = make_client()
    made = client.create_export("it", LEADS)
    url = client.export("it", made["id"])["result"]["download_url"]
    vendor.switches.answer_instead("/result", vendor.fault("too_many_requests"))
    with (tmp_path / "zip").open("wb") as file:
        client.download("it", url, file)
    assert clock.slept == [60.0]
    assert (tmp_path / "zip").stat().st_size > 0


def test_too_many_at_once_is_tried_again_and_then_stops(
    vendor: Zoho, make_client: MakeClient, clock: Clock
) -> None:
    vendor.switches.answer_instead("users", vendor.fault("too_many_requests"), times=2)
    assert list(make_client().users())
    assert clock.slept == [1.0, 2.0]
    vendor.switches.answer_instead("users", vendor.fault("too_many_requests"), times=9)
    with pytest.raises(StoppedError, match="no more requests for now"):
        list(make_client().users())


def test_used_up_credits_are_not_waited_for(vendor: Zoho, make_client: MakeClient, clock: Clock) -> None:
    vendor.limits.credits = 0
    with pytest.raises(StoppedError, match="credits are used up"):
        make_client().create_export("the export of Leads", LEADS)
    assert clock.slept == []


def test_an_export_is_not_asked_for_twice_when_nobody_knows_what_became_of_it(
    vendor: Zoho, make_client: MakeClient
) -> None:
    vendor.switches.answer_instead("POST /crm/bulk", vendor.fault("bad_gateway"))
    with pytest.raises(SourceError, match="502"):
        make_client().create_export("the export of Leads", LEADS)
    assert asked(vendor, "POST /crm/bulk") == 1
    vendor.switches.answer_instead("GET /crm/v8/users", vendor.fault("bad_gateway"))
    assert list(make_client().users()), "what costs nothing is tried again"


@pytest.mark.parametrize("length", [40, 0])
def test_an_answer_that_is_cut_off_is_no_empty_list(
    vendor: Zoho, make_client: MakeClient, length: int
) -> None:
    def cut(answer: Answer) -> Answer:
        return Answer(200, answer.content()[:length], dict(answer.headers))

    vendor.switches.alter("GET /crm/v8/users", cut, times=9)
    with pytest.raises(SourceError, match="cut off"):
        list(make_client().users())


def test_an_expired_result_is_gone(vendor: Zoho, make_client: MakeClient, tmp_path: Path) -> None:
    with pytest.raises(GoneError), (tmp_path / "zip").open("wb") as file:
        make_client().download("it", "/crm/bulk/v8/read/4876876000999999999/result", file)


def test_settings_without_credentials_say_what_is_missing(tmp_path: Path) -> None:
    settings = Settings(_env_file=None, home=tmp_path, zoho_client_id="x")  # type: ignore[call-arg]
    assert lacks_zoho(settings) == "not set: OBSERVES_ZOHO_CLIENT_SECRET, OBSERVES_ZOHO_REFRESH_TOKEN"
    assert access.read(settings) is None


def test_a_module_without_a_stream_is_a_wrong_setting(tmp_path: Path) -> None:
    settings = Settings(
        _env_file=None,  # type: ignore[call-arg]
        home=tmp_path,
        zoho_client_id="x",
        zoho_client_secret="y",
        zoho_refresh_token="z",
        zoho_modules="Deals, Robots",
    )
    with pytest.raises(SettingsError, match="'Robots'"):
        access.read(settings)
    chosen = access.read(settings.model_copy(update={"zoho_modules": " Deals , Leads,Deals"}))
    assert chosen is not None
    assert chosen.modules == ("Deals", "Leads")


def test_the_clock_is_zoho_s(vendor: Zoho, make_client: MakeClient) -> None:
    client: Client = make_client()
    list(client.users())
    assert client.server_at == vendor.world.now
