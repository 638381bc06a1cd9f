"""Short ways to write down the facts of a month."""

from datetime import UTC, date, datetime
from decimal import Decimal

from observes_assets.billing.calendar import month_end
from observes_assets.billing.records import AuthorFact, BillingSettings, MonthFacts, Stop, Terms

MAY = date(2024, 5, 1)
BEGIN = datetime(2024, 1, 10, tzinfo=UTC)


def settings(**changes: object) -> BillingSettings:
    values: dict[str, object] = {
        "rule": "observed",
        "bots": "count",
        "bot_names": (),
        "minimum_commits": 1,
        "time_zone": "UTC",
        "close_day": 3,
    }
    return BillingSettings(**{**values, **changes})  # type: ignore[arg-type]


def terms(group: str, price: str = "99.00", organization: str = "acme", **changes: object) -> Terms:
    values: dict[str, object] = {
        "plan": "squad",
        "base_amount": Decimal("0.00"),
        "currency": "USD",
        "valid_from": BEGIN,
        "valid_until": None,
    }
    return Terms(
        organization=organization, group=group, author_amount=Decimal(price), **{**values, **changes}
    )  # type: ignore[arg-type]


def author(
    group: str, email: str = "ana@acme.test", organization: str = "acme", **changes: object
) -> AuthorFact:
    values: dict[str, object] = {
        "name": email.partition("@")[0].title(),
        "repository": "web",
        "commit": "a" * 40,
        "organization_commit_count": 1,
    }
    return AuthorFact(organization=organization, group=group, email=email, **{**values, **changes})  # type: ignore[arg-type]


def facts(
    spans: list[Terms],
    authors: list[AuthorFact] | None = None,
    *,
    month: date = MAY,
    is_observed: bool = True,
    stops: tuple[Stop, ...] = (),
    **changes: object,
) -> MonthFacts:
    chosen = settings(**changes)
    return MonthFacts(
        month=month,
        release=1,
        settings=chosen,
        ends_at=month_end(month, chosen.time_zone),
        is_observed=is_observed,
        terms=tuple(spans),
        authors=tuple(authors or ()),
        stops=stops,
    )
