"""Service levels: what a contract's slaProperties say about one stream, with units resolved."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from observes_assets.errors import SettingsError

if TYPE_CHECKING:
    from open_data_contract_standard.model import ServiceLevelAgreementProperty

# The standard's units in every spelling that it allows; a month and a year are the longest that they get.
_UNITS = {
    "s": timedelta(seconds=1),
    "min": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
    "m": timedelta(days=31),
    "y": timedelta(days=366),
}
_SPELLINGS = re.compile(
    r"(?P<s>s|secs?|seconds?)|(?P<min>min|minutes?)|(?P<h>h|hours?)|(?P<d>d|days?)|(?P<w>w|weeks?)"
    r"|(?P<m>m|mo|months?)|(?P<y>y|yr|yrs|years?)",
    re.IGNORECASE,
)
UNLIMITED = "unlimited"
PROPERTIES = frozenset({"frequency", "freshness", "latency", "availability", "retention", "escalation"})


class Freshness(NamedTuple):
    """Age of a stream's last good load from which it is late, and from which it is broken."""

    warn: timedelta
    fail: timedelta


@dataclass(frozen=True)
class Levels:
    """What is promised about one stream; None: nothing is, or no end (``stated`` tells the two apart)."""

    frequency: str | None = None
    freshness: Freshness | None = None
    latency: timedelta | None = None
    availability: float | None = None
    retention: timedelta | None = None
    escalation: timedelta | None = None
    stated: frozenset[str] = frozenset()


def by_stream(items: "Iterable[ServiceLevelAgreementProperty]", streams: Sequence[str]) -> dict[str, Levels]:
    """Service levels of each stream; the later of two holds.

    Args:
        items: about the streams that their ``element`` names, separated by commas; all without one.

    Raises:
        SettingsError: a value or its unit can't be read; names the property and its element.
    """
    found: dict[str, dict[str, Any]] = {stream: {} for stream in streams}
    for item in items:
        if item.property in PROPERTIES:
            for stream in elements(item) or streams:
                found.setdefault(stream, {})[item.property] = _value(item)
    return {stream: Levels(**levels, stated=frozenset(levels)) for stream, levels in found.items()}


def elements(item: "ServiceLevelAgreementProperty") -> list[str]:
    """Names of the streams that a property is about; none: it is about all."""
    return [element.strip() for element in (item.element or "").split(",") if element.strip()]


def _value(item: "ServiceLevelAgreementProperty") -> Any:
    match item.property:
        case "frequency":
            return str(item.value)
        case "freshness":
            late = _period(item, item.value)
            return Freshness(late, late if item.valueExt is None else _period(item, item.valueExt))
        case "availability":
            share = _number(item, item.value)
            return share / 100 if item.unit in {"%", "percent"} else share
        case _:
            return None if item.value == UNLIMITED else _period(item, item.value)


def _period(item: "ServiceLevelAgreementProperty", value: Any) -> timedelta:
    # Contracts that are archived give freshness in hours and say so.
    spelling = _SPELLINGS.fullmatch(item.unit or "h")
    if spelling is None or spelling.lastgroup is None:
        raise SettingsError(
            f"{_title(item)} has the unknown unit {item.unit!r}.",
            "Units are s, min, h, d, w, m (months) and y.",
        )
    return _number(item, value) * _UNITS[spelling.lastgroup]


def _number(item: "ServiceLevelAgreementProperty", value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise SettingsError(
            f"{_title(item)} is no number.", "Write a number with its unit apart: value: 26, unit: h."
        ) from None


def _title(item: "ServiceLevelAgreementProperty") -> str:
    return f"slaProperties: {item.property} of {item.element or 'all streams'}"
