"""What changed from one contract to the next, and whether who relies on the older one is let down.

A change is breaking if the newer contract promises less: a field goes or may be null now, data may be
older, more records may be refused. To promise more, or to add, is compatible. So is a change of words, which
a person must read. Two kinds are breaking whatever their direction: a classification, since columns appear
or vanish by it, and somebody else's sight of personal fields.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from observes_assets.contracts.document import Contract
from observes_assets.contracts.field_differences import compare_fields
from observes_assets.contracts.stream import Field, StreamContract


@dataclass(frozen=True)
class Difference:
    """One change; ``place`` is empty where it is about the whole contract."""

    is_breaking: bool
    place: str
    change: str


def compare(old: Contract, new: Contract) -> list[Difference]:
    """Every change from ``old`` to ``new``, the breaking ones first."""
    found = [*_source(old, new)]
    found += [
        Difference(True, name, "the stream is gone") for name in old.streams.keys() - new.streams.keys()
    ]
    found += [Difference(False, name, "a new stream") for name in new.streams.keys() - old.streams.keys()]
    for name, stream in old.streams.items():
        if name in new.streams:
            found += _stream(stream, new.streams[name])
    return sorted(found, key=lambda one: (not one.is_breaking, one.place))


def _source(old: Contract, new: Contract) -> Iterator[Difference]:
    for what in ("owner", "on_call", "domain", "purpose", "terms", "support", "servers"):
        if getattr(old, what) != getattr(new, what):
            yield Difference(False, "", f"another {what.replace('_', '-')}")
    limits = [
        one.rate_limit.requests / one.rate_limit.period_seconds if one.rate_limit else math.inf
        for one in (old, new)
    ]
    yield from _promise("", "rate limit", *limits)
    seen = {one.name: set(one.reads_personal) for one in old.consumers}
    for one in new.consumers:
        for field in sorted(set(one.reads_personal) - seen.get(one.name, set())):
            yield Difference(True, "", f"consumer {one.name} may read {field} in plain text")
        if one.name not in seen:
            yield Difference(False, "", f"a new consumer: {one.name}")
    for name in sorted(seen.keys() - {one.name for one in new.consumers}):
        yield Difference(False, "", f"{name} is a consumer no more")


def _stream(old: StreamContract, new: StreamContract) -> Iterator[Difference]:
    for what in ("key", "scope_by"):
        if getattr(old, what) != getattr(new, what):
            change = (
                f"another {what.replace('_by', '')}: make it a new stream, and fill that from the archive"
            )
            yield Difference(True, old.name, change)
    strengths = _strengths(new)
    for promise, strength in _strengths(old).items():
        yield from _promise(old.name, promise, strength, strengths[promise])
    if old.recency_field not in {None, new.recency_field}:
        yield Difference(True, old.name, f"recency is no more told by {old.recency_field}")
    for what in ("cron", "description"):
        if getattr(old, what) != getattr(new, what):
            yield Difference(False, old.name, f"another {what.replace('cron', 'frequency')}")
    yield from _fields(old, new)


def _strengths(stream: StreamContract) -> dict[str, float]:
    """Each promise as a number: the more, the stronger; minus infinity where none is made."""
    levels, band = stream.levels, stream.volume_band
    return {
        "freshness (warn)": -stream.freshness.warn.total_seconds(),
        "freshness (fail)": -stream.freshness.fail.total_seconds(),
        "latency": -levels.latency.total_seconds() if levels.latency else -math.inf,
        "availability": levels.availability or -math.inf,
        "retention": _retention(stream),
        "escalation": -levels.escalation.total_seconds() if levels.escalation else -math.inf,
        "maximumQuarantinedCount": -stream.maximum_quarantined_count,
        "maximumQuarantinedShare": -stream.maximum_quarantined_share,
        "maximumVanishedShare": -stream.maximum_vanished_share,
        "volumeBand (minimum)": band.minimum_share if band else -math.inf,
        "volumeBand (maximum)": -band.maximum_share if band else -math.inf,
        "recencyField": stream.recency_field is not None,
        "isCounted": stream.is_counted,
        "sweepHours": -stream.sweep_every.total_seconds() if stream.sweep_every is not None else -math.inf,
        "callsForBuild": stream.calls_for_build,
    }


def _retention(stream: StreamContract) -> float:
    if stream.levels.retention is not None:
        return stream.levels.retention.total_seconds()
    return math.inf if "retention" in stream.levels.stated else -math.inf


def _promise(place: str, promise: str, old: float, new: float) -> Iterator[Difference]:
    if old != new:
        is_weaker = new < old
        yield Difference(is_weaker, place, f"{'less' if is_weaker else 'more'} is promised by {promise}")


def _fields(old: StreamContract, new: StreamContract) -> Iterator[Difference]:
    before, after = _by_path(old.fields), _by_path(new.fields)
    for path in sorted(before.keys() - after.keys()):
        yield Difference(True, f"{old.name}.{path}", "the field is gone")
    for path in sorted(after.keys() - before.keys()):
        yield Difference(False, f"{old.name}.{path}", "a new field")
    for path in sorted(before.keys() & after.keys()):
        for is_breaking, change in compare_fields(before[path], after[path]):
            yield Difference(is_breaking, f"{old.name}.{path}", change)


def _by_path(fields: Iterable[Field]) -> dict[str, Field]:
    return {field.path: field for field in fields}
