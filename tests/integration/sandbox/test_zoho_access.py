"""Who may ask the sandbox's Zoho, and how much."""

import pytest
import requests

from observes_assets.sandbox.switches import cut
from observes_assets.sandbox.zoho import Zoho
from observes_assets.sandbox.zoho.limits import JOB_CREDITS
from tests.integration.sandbox.zoho_caller import BULK, Caller, code

DEALS = "/crm/v8/Deals/deleted"


@pytest.fixture
def caller(zoho: Zoho) -> Caller:
    return Caller(zoho)


def test_a_refresh_token_gets_an_access_token_and_the_domain_to_ask(zoho: Zoho, caller: Caller) -> None:
    zoho.api_domain = "http://127.0.0.1:1"
    said = caller.token()
    assert (said["api_domain"], said["expires_in"]) == ("http://127.0.0.1:1", 3600)
    assert caller.token(client_id="another") == {"error": "invalid_client"}
    assert caller.token(client_secret="another") == {"error": "invalid_client_secret"}
    assert caller.token(refresh_token="another") == {"error": "invalid_code"}
    assert caller.token(grant_type="password") == {"error": "unsupported_grant_type"}


def test_the_eleventh_token_is_denied_under_200(zoho: Zoho, caller: Caller) -> None:
    assert all("access_token" in caller.token() for _ in range(9))
    assert caller.token()["error"] == "Access Denied"
    assert caller.get("/crm/v8/org").status_code == 200
    zoho.credentials.period_seconds = 0
    assert "access_token" in caller.token()


def test_the_sixteenth_token_ends_the_first(zoho: Zoho, caller: Caller) -> None:
    zoho.credentials.most_tokens = 20
    for _ in range(15):
        assert caller.get("/crm/v8/org").status_code == 200
        caller.token()
    assert code(caller.get("/crm/v8/org")) == "INVALID_OAUTHTOKEN"


def test_a_token_ends_with_its_hour_or_with_the_permission(zoho: Zoho, caller: Caller) -> None:
    bearer = {
        "Authorization": str(caller.session.headers["Authorization"]).replace("Zoho-oauthtoken", "Bearer")
    }
    assert code(caller.get("/crm/v8/org", headers=bearer)) == "AUTHENTICATION_FAILURE"
    zoho.credentials.lifetime_seconds = -1
    caller.renew()
    assert code(caller.get("/crm/v8/org")) == "INVALID_TOKEN"
    zoho.credentials.lifetime_seconds = 3600
    caller.renew()
    zoho.credentials.revoke()
    assert code(caller.get("/crm/v8/org")) == "INVALID_TOKEN"
    assert caller.token() == {"error": "invalid_code"}


def test_a_missing_scope_is_named_by_its_own_error(zoho: Zoho, caller: Caller) -> None:
    zoho.credentials.scopes = frozenset(
        {"ZohoCRM.bulk.READ", "ZohoCRM.modules.deals.READ", "ZohoCRM.users.ALL"}
    )
    assert caller.ask("Deals").status_code == 201
    assert caller.get(DEALS).status_code == 200
    assert caller.get("/crm/v8/users").status_code == 200
    refused = (caller.ask("Leads"), caller.get("/crm/v8/Leads/deleted"), caller.get("/crm/v8/org"))
    assert {(one.status_code, code(one)) for one in refused} == {(401, "OAUTH_SCOPE_MISMATCH")}


def test_limits_are_refused_in_words(zoho: Zoho, caller: Caller) -> None:
    job = caller.job("Vendors")
    for _ in range(zoho.limits.downloads):
        assert caller.get(f"{BULK}/{job}/result").status_code == 200
    refused = caller.get(f"{BULK}/{job}/result")
    assert (refused.status_code, code(refused)) == (429, "TOO_MANY_REQUESTS")
    zoho.limits.credits = zoho.limits.spent + JOB_CREDITS - 1
    refused = caller.ask("Vendors")
    assert (refused.status_code, code(refused)) == (429, "LIMIT_EXCEEDED")
    assert caller.get(f"{BULK}/{job}").status_code == 200
    zoho.limits.concurrency = 0
    assert code(caller.get("/crm/v8/org")) == "TOO_MANY_REQUESTS"


def test_faults_are_switched_from_outside(zoho: Zoho, caller: Caller) -> None:
    for fault, status in (
        ("bad_gateway", 502),
        ("internal_error", 500),
        ("scope_mismatch", 401),
        ("exhausted", 429),
    ):
        asked = {"pattern": "/org", "fault": fault}
        assert requests.post(f"{zoho.address}/_sandbox/faults", json=asked, timeout=120).status_code == 200
        assert caller.get("/crm/v8/org").status_code == status
    assert caller.get("/crm/v8/org").status_code == 200
    job = caller.job("Deals")
    zoho.switches.alter("/result", cut)
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        caller.get(f"{BULK}/{job}/result")
    assert caller.rows(job)
