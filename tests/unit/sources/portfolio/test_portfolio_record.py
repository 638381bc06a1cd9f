"""The record, its contract, and what does or doesn't make a new version of it."""

import hashlib
import json
from datetime import timedelta
from importlib import resources
from pathlib import Path

import jsonschema
import orjson
import pytest
import yaml

from observes_assets import contracts
from observes_assets.sources.portfolio.client import read_portfolio
from observes_assets.sources.portfolio.streams import portfolio_record, portfolio_stream

FIRST = """\
prices:
  yen: {author: "100", base: "0", currency: JPY}
  squad: {author: "099.00", base: "0.00", currency: USD}
organizations:
  - name: zeta
    groups: [{name: tools, plan: yen, repositories: []}]
  - name: acme
    groups:
      - name: storefront
        plan: squad
        repositories:
          - {nickname: web, url: "https://example.com/web", branch: main, ignore: ["docs/", "!docs/api"]}
          - {nickname: app, url: repositories/app, branch: main, credential: ACME}
      - name: backoffice
        plan: squad
        repositories:
          - {nickname: shared, url: "https://example.com/web.git", branch: main}
"""
REORDERED = """\
organizations:
  - groups:
      - name: backoffice
        repositories:
          - {branch: main, url: "https://example.com/web.git", nickname: shared}
        plan: squad
      - name: storefront
        repositories:
          - {nickname: app, url: ./repositories/app/, branch: main, ignore: [], credential: ACME}
          - {nickname: web, url: "https://example.com/web", branch: main, ignore: ["docs/", "!docs/api"]}
        plan: squad
    name: acme
  - name: zeta
    groups: [{name: tools, plan: yen, repositories: []}]
prices:
  squad: {author: "99.00", base: "0.00", currency: USD}
  yen: {author: "100", base: "0", currency: JPY}
billing: {close_day: 3}
"""


def record(folder: Path, text: str, previous: dict | None = None) -> dict:
    path = folder / "portfolio.yaml"
    path.write_text(text)
    (only,) = portfolio_stream(path, previous)
    return only


def test_whole_record(tmp_path: Path) -> None:
    found = record(tmp_path, FIRST)
    web, app = (one["repository_id"] for one in found["repositories"][:0:-1])
    assert found == {
        "name": "portfolio",
        "billing": {
            "rule": "observed",
            "bots": "count",
            "bot_names": [],
            "minimum_commits": 1,
            "time_zone": "UTC",
            "close_day": 3,
        },
        "prices": [
            {"plan": "squad", "author": "99.00", "base": "0.00", "currency": "USD"},
            {"plan": "yen", "author": "100", "base": "0", "currency": "JPY"},
        ],
        "groups": [
            {"organization": "acme", "group": "backoffice", "plan": "squad"},
            {"organization": "acme", "group": "storefront", "plan": "squad"},
            {"organization": "zeta", "group": "tools", "plan": "yen"},
        ],
        "repositories": [
            {
                "organization": "acme",
                "group": "backoffice",
                "nickname": "shared",
                "repository_id": web,
                "url": "https://example.com/web.git",
                "branch": "main",
                "ignore": [],
                "ignore_sha256": None,
                "credential": None,
            },
            {
                "organization": "acme",
                "group": "storefront",
                "nickname": "app",
                "repository_id": app,
                "url": str(tmp_path / "repositories/app"),
                "branch": "main",
                "ignore": [],
                "ignore_sha256": None,
                "credential": "ACME",
            },
            {
                "organization": "acme",
                "group": "storefront",
                "nickname": "web",
                "repository_id": web,
                "url": "https://example.com/web",
                "branch": "main",
                "ignore": ["docs/", "!docs/api"],
                "ignore_sha256": hashlib.sha256(b"docs/\n!docs/api").hexdigest(),
                "credential": None,
            },
        ],
        "known_repositories": found["known_repositories"],
        "mailmap": "",
        "mailmap_sha256": hashlib.sha256(b"").hexdigest(),
    }
    # One repository with two nicknames is known by the first of them.
    urls = {app: (str(tmp_path / "repositories/app"), "app"), web: ("https://example.com/web.git", "shared")}
    assert found["known_repositories"] == [
        {"repository_id": one, "organization": "acme", "url": url, "nickname": nickname}
        for one, (url, nickname) in urls.items()
    ]
    assert app != web


def test_order_in_the_file_is_no_change(tmp_path: Path) -> None:
    first = record(tmp_path, FIRST)
    assert record(tmp_path, REORDERED) == first
    assert record(tmp_path, REORDERED, previous=first) == first


def test_memory_goes_through_the_archive(tmp_path: Path) -> None:
    """The previous record comes back as JSON; a moved and a removed repository keep their ids."""
    first = orjson.loads(orjson.dumps(record(tmp_path, FIRST)))
    ids = {one["nickname"]: one["repository_id"] for one in first["repositories"]}
    moved = FIRST.replace("repositories/app", "elsewhere/app").replace("nickname: web,", "nickname: site,")
    second = record(tmp_path, moved, previous=first)
    assert {one["nickname"]: one["repository_id"] for one in second["repositories"]} == {
        "shared": ids["shared"],
        "site": ids["web"],
        "app": ids["app"],
    }
    without = "\n".join(line for line in FIRST.splitlines() if "nickname: app" not in line)
    third = record(tmp_path, without, previous=second)
    assert ids["app"] in {one["repository_id"] for one in third["known_repositories"]}
    assert record(tmp_path, moved, previous=third) == second


def test_mailmap_is_part_of_it(tmp_path: Path) -> None:
    text = "Zoë <zoe@example.com> <z@example.com>\n"
    (tmp_path / "people.mailmap").write_text(text, encoding="utf-8")
    found = record(tmp_path, FIRST + "mailmap: people.mailmap\n")
    assert found["mailmap"] == text
    assert found["mailmap_sha256"] == hashlib.sha256(text.encode()).hexdigest()


def test_contract_is_a_sound_document_and_holds(tmp_path: Path) -> None:
    contract = contracts.load("portfolio")
    schema = resources.files("open_data_contract_standard").joinpath("schema.json").read_text()
    jsonschema.validate(yaml.safe_load(contract.text), json.loads(schema))
    stream = contract.streams["portfolio"]
    assert (stream.key, stream.scope_by) == (("name",), ())
    assert [field.path for field in stream.personal_fields] == ["mailmap"]
    assert (stream.maximum_vanished_share, stream.maximum_quarantined_count) == (0, 0)
    assert stream.freshness == (timedelta(hours=26), timedelta(hours=50))
    assert stream.check(record(tmp_path, FIRST)) is None


def test_contract_names_every_field(tmp_path: Path) -> None:
    def names(properties: list) -> dict:
        return {
            one.name: names(one.properties or (one.items.properties if one.items else None) or [])
            for one in properties
        }

    def shape(value: object) -> dict:
        if isinstance(value, list):
            return {key: inner for item in value for key, inner in shape(item).items()}
        return {key: shape(item) for key, item in value.items()} if isinstance(value, dict) else {}

    assert names(contracts.load("portfolio").streams["portfolio"].properties) == shape(
        record(tmp_path, FIRST)
    )


@pytest.mark.parametrize("field", ["billing", "prices", "repositories", "known_repositories", "mailmap"])
def test_contract_misses_a_field(tmp_path: Path, field: str) -> None:
    broken = {key: value for key, value in record(tmp_path, FIRST).items() if key != field}
    assert contracts.load("portfolio").streams["portfolio"].check(broken) is not None


def test_a_portfolio_of_thousands_is_read_in_seconds(tmp_path: Path) -> None:
    entries = "".join(
        f'          - {{nickname: r{number}, url: "https://example.com/r{number}", branch: main}}\n'
        for number in range(1_000)
    )
    path = tmp_path / "portfolio.yaml"
    path.write_text(
        'prices: {squad: {author: "1.00", base: "0.00", currency: USD}}\n'
        "organizations:\n  - name: acme\n    groups:\n      - name: all\n        plan: squad\n"
        f"        repositories:\n{entries}"
    )
    found = portfolio_record(read_portfolio(path), None)
    assert len({one["repository_id"] for one in found["repositories"]}) == 1_000
