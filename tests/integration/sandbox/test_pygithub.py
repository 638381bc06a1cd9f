"""PyGithub itself as the client: what it asks of a server is there."""

import time

import pytest
from github import Auth, Github, GithubException

from observes_assets.sandbox.github import GitHub


def client(github: GitHub, auth: Auth.Auth) -> Github:
    return Github(auth=auth, base_url=github.rest_url, seconds_between_requests=0, retry=0, per_page=100)


def test_its_objects_are_filled(looked_at: GitHub) -> None:
    with client(looked_at, Auth.Token(looked_at.token)) as asked:
        organization = asked.get_organization("quillmark-works")
        repositories = list(organization.get_repos())
        assert [one.name for one in repositories] == ["atlas", "attic", "harbor", "ledger", "pylon"]
        harbor = next(one for one in repositories if one.name == "harbor")
        issues = list(harbor.get_issues(state="all", sort="updated", direction="asc"))
        assert len(issues) == len({one.number for one in issues}) > 100
        pull = next(one for one in harbor.get_pulls(state="closed") if one.merged_at)
        assert pull.merged
        assert pull.additions > 0
        assert {one.state for one in pull.get_reviews()} <= {"APPROVED", "CHANGES_REQUESTED", "DISMISSED"}
        assert {one.login for one in organization.get_members()} >= {"amara-diallo", "bruno-k"}
        assert [one.slug for one in organization.get_teams()] == ["harbor-crew", "ledger-crew", "platform"]
        assert len(list(harbor.get_labels())) == 4
        assert list(harbor.get_releases())
        assert list(harbor.get_milestones(state="all"))
        assert list(harbor.get_issues_comments())
        assert list(harbor.get_pulls_review_comments())
        assert {one.event for one in issues[0].get_timeline()} >= {"added_to_project_v2"}
        assert harbor.get_issues_events()[0].issue.number


def test_an_app_gets_a_token_and_another_when_that_runs_out(github: GitHub) -> None:
    credentials = github.credentials
    credentials.lifetime_seconds = 21.5  # it asks anew 20 seconds before the end
    auth = Auth.AppInstallationAuth(
        Auth.AppAuth(str(credentials.app_id), credentials.app_key), credentials.installation_id
    )
    with client(github, auth) as asked:
        first = asked.requester.auth.token  # type: ignore[union-attr]
        assert asked.get_repo("quillmark-works/harbor").name == "harbor"
        time.sleep(2.5)
        assert asked.get_repo("quillmark-works/ledger").name == "ledger"
        assert asked.requester.auth.token != first  # type: ignore[union-attr]


def test_a_token_that_runs_out_in_the_middle_is_refused(github: GitHub) -> None:
    credentials = github.credentials
    auth = Auth.AppInstallationAuth(
        Auth.AppAuth(str(credentials.app_id), credentials.app_key), credentials.installation_id
    )
    with client(github, auth) as asked:
        assert asked.get_repo("quillmark-works/harbor").name == "harbor"
        credentials.expire()
        with pytest.raises(GithubException, match="Bad credentials"):
            asked.get_repo("quillmark-works/ledger")


def test_another_key_is_no_app(github: GitHub) -> None:
    credentials = github.credentials
    auth = Auth.AppInstallationAuth(Auth.AppAuth("1", credentials.app_key), credentials.installation_id)
    with pytest.raises(GithubException, match="Integration not found"):
        client(github, auth).get_repo("quillmark-works/harbor")
