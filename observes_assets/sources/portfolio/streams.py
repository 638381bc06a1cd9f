"""The one stream, and its one record: the whole portfolio, with repository ids resolved."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from observes_assets.currency import MINOR_DIGITS
from observes_assets.sources.portfolio.client import read_portfolio
from observes_assets.sources.portfolio.identity import Entry, KnownRepository, resolve
from observes_assets.sources.portfolio.model import Group, Organization, Portfolio, Price, Repository


def portfolio_stream(path: Path, previous: dict[str, Any] | None) -> Iterator[dict[str, Any]]:
    """Read the portfolio and yield its record.

    Args:
        path: the YAML file.
        previous: the last archived record, or None if there is none.

    Raises:
        SettingsError: see ``read_portfolio``.
    """
    yield portfolio_record(read_portfolio(path), previous)


def portfolio_record(portfolio: Portfolio, previous: dict[str, Any] | None) -> dict[str, Any]:
    """Make the record. Order in the file does not matter: the same portfolio gives the same record."""
    listed = list(portfolio.repositories())
    known = [KnownRepository(**item) for item in previous["known_repositories"]] if previous else []
    former = {_entry(**item): item["repository_id"] for item in previous["repositories"]} if previous else {}
    ids, known = resolve([_entry_of(*owned) for owned in listed], known, former)
    return {
        "name": "portfolio",
        "billing": _billing(portfolio),
        "prices": [_price(price) for price in sorted(portfolio.prices, key=lambda one: one.plan)],
        "groups": [
            {"organization": organization.name, "group": group.name, "plan": group.plan}
            for organization, group in portfolio.groups()
        ],
        "repositories": [_repository(*owned, ids[_entry_of(*owned)]) for owned in listed],
        "known_repositories": [vars(one) for one in known],
        "mailmap": portfolio.mailmap,
        "mailmap_sha256": _sha256(portfolio.mailmap),
    }


def _entry(organization: str, nickname: str, url: str, **_rest: object) -> Entry:
    return Entry(organization, nickname, url)


def _entry_of(organization: Organization, _group: Group, repository: Repository) -> Entry:
    return Entry(organization.name, repository.nickname, repository.url)


def _billing(portfolio: Portfolio) -> dict[str, Any]:
    return {**vars(portfolio.billing), "bot_names": list(portfolio.billing.bot_names)}


def _price(price: Price) -> dict[str, str]:
    digits = MINOR_DIGITS[price.currency]
    return {
        "plan": price.plan,
        "author": format(price.author, f".{digits}f"),
        "base": format(price.base, f".{digits}f"),
        "currency": price.currency,
    }


def _repository(
    organization: Organization, group: Group, repository: Repository, repository_id: str
) -> dict[str, Any]:
    return {
        "organization": organization.name,
        "group": group.name,
        "nickname": repository.nickname,
        "repository_id": repository_id,
        "url": repository.url,
        "branch": repository.branch,
        "ignore": list(repository.ignore),
        "ignore_sha256": _sha256("\n".join(repository.ignore)) if repository.ignore else None,
        "credential": repository.credential,
    }


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
