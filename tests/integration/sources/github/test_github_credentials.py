"""Who we are to GitHub: tokens that fail, scopes that lack, Apps whose tokens run out."""

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from github.Auth import Token
from pydantic import SecretStr

from observes_assets.errors import PermanentError, SettingsError
from observes_assets.settings import Settings
from observes_assets.sources.configured import unconfigured
from observes_assets.sources.github import access
from observes_assets.sources.github.boards import projects
from observes_assets.sources.github.client import Client
from observes_assets.sources.github.connection import Line
from observes_assets.sources.github.people import owner_of_organization
from observes_assets.sources.github.places import Owner
from tests.integration.sources.github.conftest import MakeClient, walk_from
from tests.integration.sources.github.vendor import Asked, Reply, Vendor

OCTO = Owner("9", "octo", is_organization=True)


def settings(**more: Any) -> Settings:
    given = {"github_token": SecretStr("secret"), "github_organizations": "octo"} | more
    return Settings(_env_file=None, **given)


@pytest.fixture(scope="module")
def key_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("app") / "key.pem"
    command = ["openssl", "genrsa", "-out", str(path), "2048"]
    subprocess.run(command, check=True, capture_output=True)
    return path


def test_a_token_that_is_refused_says_so_and_stops_all(client: Client, vendor: Vendor) -> None:
    vendor.rest["/orgs/octo"] = Reply({"message": "Bad credentials"}, 401)
    with pytest.raises(PermanentError, match="expired, was revoked or is wrong") as caught:
        owner_of_organization(client, "octo")
    assert "secret" not in str(caught.value)
    with pytest.raises(PermanentError):
        owner_of_organization(client, "other")
    assert vendor.paths() == ["/orgs/octo"] * 2  # one more try, since GitHub errs sometimes


def test_an_organization_that_does_not_exist_is_named(client: Client, vendor: Vendor) -> None:
    with pytest.raises(PermanentError, match="organization nobody: does not exist"):
        owner_of_organization(client, "nobody")


def test_a_missing_scope_of_a_classic_token_is_named(client: Client, vendor: Vendor) -> None:
    vendor.rest["/orgs/octo"] = Reply(
        {"message": "Must have admin rights"},
        403,
        {"X-OAuth-Scopes": "repo, read:project", "X-Accepted-OAuth-Scopes": "admin:org, read:org"},
    )
    with pytest.raises(PermanentError, match="lacks the scope admin:org or read:org"):
        owner_of_organization(client, "octo")


def test_a_missing_permission_of_a_fine_grained_token_is_named(client: Client, vendor: Vendor) -> None:
    vendor.rest["/orgs/octo"] = Reply(
        {"message": "Resource not accessible by personal access token"},
        403,
        {"X-Accepted-GitHub-Permissions": "members=read"},
    )
    with pytest.raises(PermanentError, match="lacks the permission members=read"):
        owner_of_organization(client, "octo")


def test_a_missing_scope_for_projects_is_named(client: Client, vendor: Vendor) -> None:
    message = (
        "Your token has not been granted the required scopes to execute this query. The 'projectsV2' field "
        "requires one of the following scopes: ['read:project'], but your token has only been granted the: "
        "['repo'] scopes."
    )
    vendor.graphql["projects_of_owner"] = Reply(
        {"data": {"organization": None}, "errors": [{"type": "INSUFFICIENT_SCOPES", "message": message}]}
    )
    with pytest.raises(PermanentError, match="lacks the scope read:project") as caught:
        projects(client, OCTO, walk_from())
    assert "repo" not in caught.value.message.replace("read:project", "")


def test_a_token_not_authorized_for_single_sign_on_says_so(client: Client, vendor: Vendor) -> None:
    vendor.rest["/orgs/octo"] = Reply(
        {"message": "Resource protected by organization SAML enforcement."}, 403
    )
    with pytest.raises(PermanentError, match="single sign-on"):
        owner_of_organization(client, "octo")


def test_an_app_s_token_is_renewed_in_mid_run(
    make_client: MakeClient, vendor: Vendor, key_file: Path
) -> None:
    found = access.read(
        settings(github_token=None, github_app_id="1", github_installation_id=7, github_app_key_file=key_file)
    )
    assert found is not None
    given: list[str] = []

    def give(asked: Asked) -> Reply:
        assert asked.headers["authorization"].startswith("Bearer ey")
        given.append(f"token{len(given)}")
        # The first is short of life, and is taken back before its time when there are three.
        lives = timedelta(seconds=5) if len(given) == 1 else timedelta(hours=1)
        return Reply(
            {"token": given[-1], "expires_at": f"{datetime.now(UTC) + lives:%Y-%m-%dT%H:%M:%SZ}"}, 201
        )

    def answer(asked: Asked) -> Reply:
        is_good = asked.headers["authorization"] == f"token {given[-1]}" and given[-1] != "token1"
        return Reply({"id": 1, "login": "octo"}) if is_good else Reply({"message": "Bad credentials"}, 401)

    vendor.rest["/app/installations/7/access_tokens"] = give
    vendor.rest["/orgs/octo"] = answer
    client = make_client(make_auth=found.make_auth)
    for _ in range(3):
        assert owner_of_organization(client, "octo").id == "1"
    # token0 was about to expire, token1 was refused, token2 is used.
    assert given == ["token0", "token1", "token2"]


def test_an_app_that_is_not_what_it_says_is_told_so(
    make_client: MakeClient, vendor: Vendor, key_file: Path
) -> None:
    found = access.read(
        settings(github_token=None, github_app_id="1", github_installation_id=8, github_app_key_file=key_file)
    )
    assert found is not None
    with pytest.raises(PermanentError, match="OBSERVES_GITHUB_INSTALLATION_ID"):
        owner_of_organization(make_client(make_auth=found.make_auth), "octo")


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"github_app_id": "1"}, "both set"),
        ({"github_token": None, "github_app_id": "1"}, "OBSERVES_GITHUB_INSTALLATION_ID"),
        ({"github_organizations": "octo/site"}, "OBSERVES_GITHUB_ORGANIZATIONS holds an entry"),
        ({"github_repositories": "site"}, "owner/repository"),
        ({"github_api_url": "https://me:pass@host/"}, "OBSERVES_GITHUB_API_URL"),
    ],
)
def test_settings_that_make_no_sense_are_refused(more: dict[str, Any], told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        access.read(settings(**more))


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"github_token": None}, "neither OBSERVES_GITHUB_TOKEN"),
        ({"github_organizations": ""}, "OBSERVES_GITHUB_ORGANIZATIONS"),
    ],
)
def test_without_credentials_github_is_not_configured(more: dict[str, Any], told: str) -> None:
    assert access.read(settings(**more)) is None
    assert told in unconfigured(settings(**more))["github"]


def test_the_token_shows_nowhere(make_client: MakeClient) -> None:
    told = settings(github_token=SecretStr("unspoken"))
    assert "unspoken" not in repr(access.read(told))
    assert "unspoken" not in repr(told)


def test_graphql_may_be_another_server(make_client: MakeClient, vendor: Vendor) -> None:
    client = make_client(graphql_url=f"{vendor.url}/elsewhere/graphql")
    vendor.graphql["q"] = {"a": 1}
    assert client.query("q", "query q(", {}) == {"a": 1}
    assert vendor.paths() == ["/elsewhere/graphql"]


def test_the_environments_proxy_is_used(vendor: Vendor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", vendor.url)
    monkeypatch.setenv("no_proxy", "")
    vendor.rest["/orgs/octo"] = {"id": 1}
    line = Line(Token("secret"), "http://api.invalid/api/v3", "http://api.invalid/graphql", backoff_seconds=0)
    assert line.get("/orgs/octo", None, None)[0] == 200
    line.close()
