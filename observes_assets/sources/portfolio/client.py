"""Read a portfolio from its YAML file, and check all of it before anything is done with any of it."""

import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path

from observes_assets.currency import MINOR_DIGITS
from observes_assets.errors import SettingsError
from observes_assets.sources.git.identities import validate_mailmap
from observes_assets.sources.git.ignores import validate_patterns
from observes_assets.sources.portfolio import names, urls
from observes_assets.sources.portfolio.model import Billing, Group, Organization, Portfolio, Price, Repository
from observes_assets.yaml_document import Value, did_you_mean, read_document, read_text


def read_portfolio(path: Path) -> Portfolio:
    """Read and check a portfolio and the mailmap that it names.

    Paths in the file are relative to the file. Whether repositories can be reached is not looked at:
    that is each repository's own outcome, not the portfolio's.

    Raises:
        SettingsError: the first mistake, with file, line, key and what to do. Nothing secret is quoted.
    """
    path = path.expanduser().absolute()
    document = read_document(path, "Portfolio").called("the portfolio")
    fields = document.fields(["prices", "organizations"], ["billing", "mailmap"])
    prices = _prices(fields["prices"])
    organizations = _organizations(fields["organizations"], prices)
    return Portfolio(
        path=path,
        billing=_billing(fields["billing"]) if "billing" in fields else Billing(),
        prices=tuple(prices.values()),
        organizations=organizations,
        mailmap=_mailmap(fields["mailmap"]) if "mailmap" in fields else "",
    )


def _checked(value: Value, problem_of: Callable[[str], str | None]) -> str:
    text = value.text()
    if problem := problem_of(text):
        raise value.wrong(problem)
    return text


def _billing(value: Value) -> Billing:
    fields = value.called("billing").fields([], list(Billing.__dataclass_fields__))
    known = Billing()
    return Billing(
        rule=fields["rule"].choice(["observed", "committed"]) if "rule" in fields else known.rule,
        bots=fields["bots"].choice(["count", "exclude"]) if "bots" in fields else known.bots,
        bot_names=_bot_names(fields["bot_names"]) if "bot_names" in fields else known.bot_names,
        # 1,000,000: more than any author makes in a month, and fits Postgres's integer.
        minimum_commits=_number(fields, "minimum_commits", known.minimum_commits, 1_000_000),
        time_zone=fields["time_zone"].time_zone() if "time_zone" in fields else known.time_zone,
        # Every month has 20 working days.
        close_day=_number(fields, "close_day", known.close_day, 20),
    )


def _number(fields: Mapping[str, Value], key: str, default: int, largest: int) -> int:
    return fields[key].whole_number(1, largest) if key in fields else default


def _bot_names(value: Value) -> tuple[str, ...]:
    patterns = []
    for item in value.items():
        pattern = _checked(item, names.label_problem)
        if not pattern.strip("*?"):
            raise item.wrong("matches every name: every author would be a bot.")
        patterns.append(pattern)
    return tuple(patterns)


def _prices(value: Value) -> dict[str, Price]:
    prices = {}
    for plan, item in value.called("prices").entries().items():
        price = item.called(f"price {plan}")
        if problem := names.label_problem(plan):
            raise price.wrong(f"has a bad name: it {problem}")
        fields = price.fields(["author", "base", "currency"])
        currency = _currency(fields["currency"])
        prices[plan] = Price(
            plan, _amount(fields["author"], currency), _amount(fields["base"], currency), currency
        )
    if not prices:
        raise value.wrong("must have at least one plan.")
    return prices


def _currency(value: Value) -> str:
    code = value.text()
    if code not in MINOR_DIGITS:
        hint = f'; did you mean "{code.upper()}"?' if code.upper() in MINOR_DIGITS else "."
        raise value.wrong(f"must be a currency's code by ISO 4217, such as USD{hint}")
    return code


def _amount(value: Value, currency: str) -> Decimal:
    if value.kind == "a number":
        raise value.wrong("must be text: YAML would round it.", 'Quote it, as in "99.00".')
    text = value.text()
    if re.fullmatch(r"-[0-9.]+", text):
        raise value.wrong("must not be negative.")
    digits = MINOR_DIGITS[currency]
    example = format(Decimal(99), f".{digits}f")
    if not re.fullmatch(r"[0-9]{1,15}" + (rf"\.[0-9]{{{digits}}}" if digits else ""), text):
        raise value.wrong(
            f'must be an amount with {digits} digits after the point ({currency}), as in "{example}".'
        )
    return Decimal(text)


def _organizations(value: Value, prices: Mapping[str, Price]) -> tuple[Organization, ...]:
    organizations: dict[str, Organization] = {}
    groups: dict[str, str] = {}
    for owner in _titled(value.called("organizations"), "organization", "name"):
        fields = owner.fields(["name", "groups"])
        name = _checked(fields["name"], names.label_problem)
        if name.casefold() in organizations:
            raise fields["name"].error(
                f"organization {name} appears twice.", "Give each one a name of its own."
            )
        organizations[name.casefold()] = Organization(name, _groups(fields["groups"], owner, prices, groups))
    if not organizations:
        raise value.wrong("must have at least one organization.")
    return tuple(organizations.values())


def _groups(
    value: Value, owner: Value, prices: Mapping[str, Price], taken: dict[str, str]
) -> tuple[Group, ...]:
    """Read an organization's groups. ``taken``: every group of the portfolio so far, and its organization."""
    groups: list[Group] = []
    for group in _titled(value.called(f"groups of {owner.name}"), "group", "name"):
        fields = group.fields(["name", "plan", "repositories"])
        name = _checked(fields["name"], names.portable_problem)
        if name.casefold() in taken:
            raise fields["name"].error(
                f"group {name} appears twice in the portfolio (first in {taken[name.casefold()]}).",
                f"A group's name is its bill's file name, {name}.csv: give each group its own.",
            )
        taken[name.casefold()] = owner.name
        plan = _plan(fields["plan"], prices, groups, owner)
        groups.append(Group(name, plan, _repositories(fields["repositories"], group)))
    if not groups:
        raise value.wrong("must have at least one group.")
    return tuple(groups)


def _plan(value: Value, prices: Mapping[str, Price], others: list[Group], owner: Value) -> str:
    plan = value.text()
    if plan not in prices:
        raise value.wrong(f'is "{plan}", which has no entry in prices{did_you_mean(plan, prices)}')
    currencies = [prices[group.plan].currency for group in others]
    if currencies and prices[plan].currency != currencies[0]:
        raise value.wrong(
            f"is in {prices[plan].currency}, but other groups of {owner.name} pay in {currencies[0]}.",
            "An organization pays in one currency.",
        )
    return plan


def _repositories(value: Value, owner: Value) -> tuple[Repository, ...]:
    repositories: list[Repository] = []
    nicknames: set[str] = set()
    places: dict[tuple[str, str], str] = {}
    for entry in _titled(value.called(f"repositories of {owner.name}"), "repository", "nickname"):
        repository = _repository(entry)
        if repository.nickname.casefold() in nicknames:
            raise entry.error(f"nickname {repository.nickname} appears twice in {owner.name}.")
        nicknames.add(repository.nickname.casefold())
        place = urls.comparable_url(repository.url), repository.branch
        if place in places:
            raise entry.error(
                f"{entry.name} has the URL and branch of repository {places[place]} in {owner.name}.",
                "Remove one.",
            )
        places[place] = repository.nickname
        repositories.append(repository)
    return tuple(repositories)


def _repository(entry: Value) -> Repository:
    fields = entry.fields(["nickname", "url", "branch"], ["ignore", "credential"])
    url = urls.absolute_url(_checked(fields["url"], urls.url_problem), entry.file.parent)
    credential = _checked(fields["credential"], names.credential_problem) if "credential" in fields else None
    if credential and urls.sends_in_clear(url):
        raise fields["url"].wrong("would send the credential unencrypted.", "Use https.")
    return Repository(
        nickname=_checked(fields["nickname"], names.portable_problem),
        url=url,
        branch=_checked(fields["branch"], names.branch_problem),
        ignore=_ignore(fields["ignore"]) if "ignore" in fields else (),
        credential=credential,
    )


def _ignore(value: Value) -> tuple[str, ...]:
    items = value.items()
    patterns = tuple(item.text() for item in items)
    for position, problem in validate_patterns(patterns):
        raise items[position].wrong(f"is not a usable ignore pattern: {problem}.")
    return patterns


def _mailmap(value: Value) -> str:
    path = value.file.parent / Path(_checked(value, lambda text: None if text else "is empty.")).expanduser()
    try:
        text = read_text(path, "Mailmap")
    except SettingsError as error:
        raise value.error(error.message, error.remedy) from None
    for line, problem in validate_mailmap(text):
        raise SettingsError(f"{path} line {line}: {problem}.", "See `git help mailmap` for the four forms.")
    return text


def _titled(value: Value, word: str, key: str) -> Iterator[Value]:
    """The items of a list as messages call them: by the name under ``key``, else by number."""
    for number, item in enumerate(value.items(), start=1):
        yield item.called(f"{word} {item.peek(key) or f'number {number}'}")
