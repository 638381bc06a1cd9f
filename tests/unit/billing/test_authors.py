import pytest

from observes_assets.billing.authors import exclusion, is_bot
from tests.unit.billing.billing_facts import author, settings

BOTS = [
    ("dependabot[bot]", "49699333+dependabot[bot]@users.noreply.github.com"),
    ("renovate[bot]", "29139614+renovate[bot]@users.noreply.github.com"),
    ("My App[BOT]", "app@acme.test"),
    ("dependabot", "support@dependabot.com"),
    ("Renovate Bot", "renovate@whitesourcesoftware.com"),
    ("github-actions", "github-actions@github.com"),
    ("deploy token", "project_123_bot_4ffca233d8298ea1@noreply.gitlab.com"),
    ("deploy token", "project123_bot1@noreply.gitlab.acme.test"),
    ("group token", "group_9_bot@noreply.gitlab.com"),
    ("project_7_bot", "x@acme.test"),
    ("release robot", "service_account_group_9_abc@noreply.gitlab.com"),
]
PEOPLE = [
    ("Robert", "robert@acme.test"),
    ("Abbot", "abbot@acme.test"),
    ("Bot", "bot@acme.test"),
    ("Project Bot", "project_bot@acme.test"),
    ("[bot] Ana", "ana@acme.test"),
    ("renovate my house", "house@acme.test"),
    ("", "ana@acme.test"),
]


@pytest.mark.parametrize(("name", "email"), BOTS)
def test_bots_of_the_hosts(name: str, email: str) -> None:
    assert is_bot(name, email)


@pytest.mark.parametrize(("name", "email"), PEOPLE)
def test_people(name: str, email: str) -> None:
    assert not is_bot(name, email)


def test_patterns_of_the_portfolio_match_name_or_email_whole_and_without_case() -> None:
    assert is_bot("CI Robot", "ci@acme.test", ["ci robot"])
    assert is_bot("whoever", "build-7@ci.acme.test", ["build-?@ci.*"])
    assert not is_bot("CI Robot II", "ci@acme.test", ["ci robot"])
    assert is_bot("two\nlines", "x@acme.test", ["two*"])


def test_brackets_in_a_pattern_mean_themselves() -> None:
    assert is_bot("helper [x]", "x@acme.test", ["*[x]"])
    assert not is_bot("Robert", "robert@acme.test", ["*[bot]"])


def test_bots_count_unless_they_are_excluded() -> None:
    rows = [author("storefront", name="ci[bot]")]
    assert exclusion(rows, settings()) is None
    assert exclusion(rows, settings(bots="exclude")) == "bot"


def test_one_person_is_a_bot_in_all_groups_or_in_none() -> None:
    rows = [author("a", name="ci[bot]"), author("b", name="Ana")]
    assert exclusion(rows, settings(bots="exclude")) == "bot"


def test_the_minimum_is_reached_by_reaching_it() -> None:
    rows = [author("storefront", organization_commit_count=2)]
    assert exclusion(rows, settings(minimum_commits=2)) is None
    assert exclusion(rows, settings(minimum_commits=3)) == "minimum_commits"
