"""What a portfolio may say, and the words with which a mistake is refused."""

from decimal import Decimal
from pathlib import Path

import pytest

from observes_assets.errors import SettingsError
from observes_assets.sources.portfolio.client import read_portfolio
from observes_assets.sources.portfolio.model import Billing, Portfolio

SOUND = """\
billing: {rule: observed, bots: count, minimum_commits: 1, time_zone: UTC, close_day: 3}
prices:
  squad: {author: "99.00", base: "0.00", currency: USD}
  yen: {author: "100", base: "0", currency: JPY}
organizations:
  - name: acme
    groups:
      - name: storefront
        plan: squad
        repositories:
          - nickname: web
            url: "https://example.com/acme/web.git"
            branch: main
            ignore: ["docs/", "vendor/**"]
          - nickname: app
            url: ../app
            branch: main
      - name: backoffice
        plan: squad
        repositories: []
mailmap: people.mailmap
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "people.mailmap").write_text("Ada <ada@example.com> <ada@old.example.com>\n")
    return tmp_path


def read(folder: Path, text: str | bytes) -> Portfolio:
    path = folder / "portfolio.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_portfolio(path)


def refusal(folder: Path, text: str | bytes) -> str:
    with pytest.raises(SettingsError) as caught:
        read(folder, text)
    message = str(caught.value)
    assert "\n" not in message
    return message.replace(f"{folder}/", "")


def changed(before: str, after: str) -> str:
    assert before in SOUND
    return SOUND.replace(before, after, 1)


def test_reads_everything(folder: Path) -> None:
    portfolio = read(folder, SOUND)
    assert portfolio.billing == Billing()
    squad = portfolio.prices[0]
    assert (squad.plan, squad.author, squad.base, squad.currency) == (
        "squad",
        Decimal("99.00"),
        Decimal("0.00"),
        "USD",
    )
    listed = [(o.name, g.name, r.nickname, r.url, r.ignore) for o, g, r in portfolio.repositories()]
    assert listed == [
        ("acme", "storefront", "app", str(folder.parent / "app"), ()),
        ("acme", "storefront", "web", "https://example.com/acme/web.git", ("docs/", "vendor/**")),
    ]
    assert [group.name for _, group in portfolio.groups()] == ["backoffice", "storefront"]
    assert portfolio.mailmap.startswith("Ada")


def test_billing_and_mailmap_may_be_left_out(folder: Path) -> None:
    text = "\n".join(line for line in SOUND.splitlines() if not line.startswith(("billing", "mailmap")))
    portfolio = read(folder, text)
    assert (portfolio.billing, portfolio.mailmap) == (Billing(), "")


def test_byte_order_mark_and_windows_line_ends(folder: Path) -> None:
    assert (
        read(folder, b"\xef\xbb\xbf" + SOUND.replace("\n", "\r\n").encode()).prices
        == read(folder, SOUND).prices
    )


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        # keys
        (
            "        repositories: []",
            "        repositorys: []",
            'line 20: unknown key "repositorys" in group backoffice; did you mean "repositories"?',
        ),
        (
            "    groups:",
            "    group:",
            'line 7: unknown key "group" in organization acme; did you mean "groups"?',
        ),
        ("mailmap:", "colour: red\nmailmap:", 'line 21: unknown key "colour" in the portfolio.'),
        ("mailmap:", "<<: {}\nmailmap:", 'line 21: unknown key "<<" in the portfolio.'),
        ("mailmap:", "[1]: 2\nmailmap:", "line 21: a key of the portfolio must be text, not a list."),
        (
            "            branch: main\n            ignore",
            "            branch: main\n            branch: dev\n            ignore",
            'line 14: key "branch" appears twice in repository web (first on line 13). Remove one.',
        ),
        (
            "            branch: main\n            ignore",
            "            ignore",
            'line 11: repository web lacks the key "branch".',
        ),
        ("  - name: acme\n    groups", "  - groups", 'line 6: organization number 1 lacks the key "name".'),
        (
            '{author: "99.00", base: "0.00", currency: USD}',
            '{author: "99.00"}',
            'line 3: price squad lacks the key "base".',
        ),
        # YAML reads more than text
        (
            "branch: main",
            "branch: on",
            '"branch" of repository web must be text, but YAML reads it as true or false. Quote it.',
        ),
        ("branch: main", "branch: 1.10", "but YAML reads it as a number. Quote it."),
        ("branch: main", "branch: 2026-01-02", "but YAML reads it as a date. Quote it."),
        ("branch: main", "branch:", '"branch" of repository web is empty.'),
        ("branch: main", "branch: [main]", '"branch" of repository web must be text, not a list.'),
        ("branch: main", 'branch: "a\\nb"', "holds a line break or a control character."),
        ("nickname: web", "nickname: 007", '"nickname" of repository 007 must be text'),
        ("  yen:", "  1:", "a key of prices must be text, but YAML reads it as a number. Quote it."),
        (
            "branch: main",
            "branch: !!python/name:os.system x",
            "must be text, but YAML reads it as something else",
        ),
        ('ignore: ["docs/", "vendor/**"]', "ignore: docs/", '"ignore" of repository web must be a list'),
        (
            "repositories: []",
            "repositories:",
            "repositories of group backoffice must be a list, not nothing.",
        ),
        ("organizations:", "organizations: {}\nnot:", 'unknown key "not"'),
        # names
        (
            "name: backoffice",
            "name: Storefront",
            "group Storefront appears twice in the portfolio (first in organization acme).",
        ),
        ("name: backoffice", "name: back office", '"name" of group back office must be letters, digits'),
        ("name: backoffice", "name: ..", "must be letters, digits"),
        ("name: backoffice", "name: a/b", "must be letters, digits"),
        ("name: backoffice", "name: -b", "must be letters, digits"),
        ("name: backoffice", "name: bäck", "must be letters, digits"),
        ("name: backoffice", "name: nul.x", "device on Windows"),
        ("name: backoffice", f"name: {'x' * 101}", "is longer than 100 characters."),
        ("nickname: app", "nickname: WEB", "line 15: nickname WEB appears twice in group storefront."),
        ("name: acme", 'name: " acme"', "must not be empty or have spaces at its ends."),
        ("branch: main", "branch: refs/heads/main", "must be a branch's own name"),
        ("branch: main", "branch: HEAD", "must be a branch's own name"),
        ("branch: main", 'branch: "-f"', "is not a name that a git branch can have."),
        ("branch: main", "branch: a..b", "is not a name that a git branch can have."),
        ("branch: main", "branch: x.lock/y", "is not a name that a git branch can have."),
        # money
        (
            "plan: squad",
            "plan: squat",
            'line 9: "plan" of group storefront is "squat", which has no entry in prices; did you mean',
        ),
        (
            '"99.00"',
            "99.00",
            'line 3: "author" of price squad must be text: YAML would round it. Quote it, as in "99.00".',
        ),
        ('"99.00"', '"99.0"', 'must be an amount with 2 digits after the point (USD), as in "99.00".'),
        ('"99.00"', '"99"', "must be an amount with 2 digits after the point (USD)"),
        ('"99.00"', '"-99.00"', "must not be negative."),
        ('"99.00"', '"NaN"', "must be an amount with 2 digits"),
        ('"99.00"', '"\u0669\u0669.\u0660\u0660"', "must be an amount with 2 digits"),
        ('"100"', '"100.00"', 'must be an amount with 0 digits after the point (JPY), as in "99".'),
        ("USD", "usd", 'by ISO 4217, such as USD; did you mean "USD"?'),
        ("USD", "XYZ", "must be a currency's code by ISO 4217, such as USD."),
        (
            "name: backoffice\n        plan: squad",
            "name: backoffice\n        plan: yen",
            '"plan" of group backoffice is in JPY, but other groups of organization acme pay in USD.',
        ),
        # billing
        (
            "rule: observed",
            "rule: comitted",
            '"rule" of billing must be observed or committed; did you mean "committed"?',
        ),
        ("bots: count", "bots: no", '"bots" of billing must be count or exclude.'),
        ("bots: count", 'bots: count, bot_names: ["*"]', "matches every name"),
        (
            "close_day: 3",
            "close_day: 21",
            '"close_day" of billing must be a whole number from 1 to 20, in plain digits.',
        ),
        ("close_day: 3", "close_day: 010", "must be a whole number from 1 to 20"),
        ("close_day: 3", 'close_day: "3"', "must be a whole number from 1 to 20"),
        ("close_day: 3", "close_day: true", "must be a whole number from 1 to 20"),
        ("minimum_commits: 1", "minimum_commits: 0", "must be a whole number from 1 to 1000000"),
        (
            "time_zone: UTC",
            "time_zone: Europe/Berln",
            'is not a known time zone; did you mean "Europe/Berlin"?',
        ),
        ("time_zone: UTC", "time_zone: ../../etc/passwd", "is not a known time zone"),
        ("time_zone: UTC", "time_zone: localtime", "is not a known time zone"),
        # mailmap
        (
            "people.mailmap",
            "nobody.mailmap",
            "line 21: Mailmap nobody.mailmap cannot be read: No such file or directory.",
        ),
        ("people.mailmap", ".", "cannot be read: Is a directory."),
        ("people.mailmap", '""', "is empty."),
        # the same repository twice
        (
            "url: ../app",
            "url: https://EXAMPLE.com:443/acme/web/",
            "line 15: repository app has the URL and branch of repository web in group storefront.",
        ),
        (
            "branch: main",
            "branch: main\n            credential: ghp_secret",
            "must be a name in capital letters",
        ),
    ],
)
def test_refuses(folder: Path, before: str, after: str, expected: str) -> None:
    message = refusal(folder, changed(before, after))
    assert message.startswith("portfolio.yaml line ")
    assert expected in message


def test_one_url_with_two_branches_in_a_group_is_fine(folder: Path) -> None:
    text = changed(
        "url: ../app\n            branch: main", "url: https://example.com/acme/web\n            branch: dev"
    )
    assert len(list(read(folder, text).repositories())) == 2


def test_credential_over_plain_http_is_refused_unless_local(folder: Path) -> None:
    entry = "url: {}\n            credential: ACME"
    assert "unencrypted" in refusal(folder, changed("url: ../app", entry.format("http://example.com/app")))
    portfolio = read(folder, changed("url: ../app", entry.format("http://127.0.0.1:8080/app")))
    assert [one.credential for _, _, one in portfolio.repositories()] == ["ACME", None]


@pytest.mark.parametrize("pattern", ['""', '"a\\nb"', "12"])
def test_bad_ignore_pattern_is_named_with_its_line(folder: Path, pattern: str) -> None:
    message = refusal(folder, changed('["docs/", "vendor/**"]', f'["docs/",\n              {pattern}]'))
    assert message.startswith('portfolio.yaml line 15: item 2 of "ignore" of repository web')


def test_bad_mailmap_line_is_named_with_its_file(folder: Path) -> None:
    (folder / "people.mailmap").write_text("# who is who\nAda\n")
    message = refusal(folder, SOUND)
    assert message.startswith("people.mailmap line 2: ")
    assert "Ada" not in message


def test_group_names_are_unique_over_organizations(folder: Path) -> None:
    other = "  - name: other\n    groups:\n      - {name: backoffice, plan: yen, repositories: []}\nmailmap:"
    message = refusal(folder, changed("mailmap:", other))
    assert "group backoffice appears twice in the portfolio (first in organization acme)." in message
    portfolio = read(folder, changed("mailmap:", other.replace("backoffice", "summary")))
    assert [organization.name for organization in portfolio.organizations] == ["acme", "other"]


def test_organization_names_are_unique(folder: Path) -> None:
    other = "  - name: ACME\n    groups: []\nmailmap:"
    assert "line 21: organization ACME appears twice." in refusal(folder, changed("mailmap:", other))


def test_home_folder_is_expanded(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(folder))
    portfolio = read(folder, changed("../app", "~/app").replace("mailmap: ", "mailmap: ~/"))
    assert next(one.url for _, _, one in portfolio.repositories()) == str(folder / "app")
