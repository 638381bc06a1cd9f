"""What a complete contract says of each stream."""

import re
from collections.abc import Iterator

from croniter import croniter

from observes_assets.contracts import customs
from observes_assets.contracts.customs import StreamCustoms
from observes_assets.contracts.finding import Finding
from observes_assets.contracts.levels import UNLIMITED
from observes_assets.contracts.stream import StreamContract

# Stated even where the answer is "none": who left it out has not thought about it.
_STATED = {
    "scopeBy": "List the key's first fields that split the stream into scopes; [] if it is one scope.",
    "maximumQuarantinedCount": "Say how many refused records a batch may hold and still land; 0 is strict.",
    "maximumVanishedShare": "Say which share (0 to 1) of a scope's keys may go at once.",
    "volumeBand": "Say {minimumShare: 0.5, maximumShare: 2}, of the median of recent loads; or null.",
    "recencyField": "Name the field that holds when a record last changed; null if none tells.",
    "isCounted": "Say whether the vendor gives a count of its own to hold ours against.",
}
_LEVELS = {
    "frequency": 'Say when it is extracted: value: "0 * * * *", scheduler: cron.',
    "freshness": "Say when it is late (value) and broken (valueExt): value: 26, valueExt: 50, unit: h.",
    "latency": "Say how long a change at the vendor takes into a release: value: 2, unit: h.",
    "availability": 'Say which share of a day\'s attempts succeeds: value: 95, unit: "%".',
    "retention": f"Say how long the archive keeps it: value: 10, unit: y; or value: {UNLIMITED}.",
    "escalation": "Say when on-call is told of a warning that nobody takes on: value: 4, unit: h.",
}
_NAME = re.compile(r"[a-z]+(_[a-z]+)*")
_CRON_PARTS = 5  # minutes to weekdays; Dagster knows no seconds


def lint_stream(stream: StreamContract) -> Iterator[Finding]:
    """What a stream's promises lack, or say wrong."""
    for problem, remedy in (*_lint_promises(stream), *_lint_service_levels(stream)):
        yield Finding(stream.source, stream.name, None, problem, remedy)


def _lint_promises(stream: StreamContract) -> Iterator[tuple[str, str]]:
    if not _NAME.fullmatch(stream.name):
        yield "its name does not parse", "Names are snake_case, lower case and without digits."
    if not stream.description:
        yield "no description", "Say what one record is."
    stated = customs.by_name(stream.schema.customProperties)
    for name, remedy in _STATED.items():
        if name not in stated:
            yield f"{name} is not stated among its customProperties", remedy
    known = customs.names(StreamCustoms)
    for name in sorted(stated.keys() - set(known)):
        yield f"unknown custom property {name}", f"Nobody reads it. Known are {', '.join(known)}."
    if stream.recency_field:
        yield from _lint_recency(stream, stream.recency_field)
    for what in ("quality", "relationships"):
        if getattr(stream.schema, what):
            yield f"{what} are promised, and nobody checks them", "Write a dbt test instead."


def _lint_recency(stream: StreamContract, name: str) -> Iterator[tuple[str, str]]:
    kinds = {item.name: item.logicalType for item in stream.properties}
    if name not in kinds:
        yield f"recencyField names the unknown field {name}", "Name a field of the first level."
    elif kinds[name] not in {"timestamp", "date"}:
        yield f"recencyField {name} is a {kinds[name]}", "Name a timestamp or a date."


def _lint_service_levels(stream: StreamContract) -> Iterator[tuple[str, str]]:
    for name, remedy in _LEVELS.items():
        if name not in stream.levels.stated:
            yield f"no {name} among the slaProperties", remedy
    if len(stream.cron.split()) != _CRON_PARTS or not croniter.is_valid(stream.cron):
        yield "frequency is no cron line", _LEVELS["frequency"]
    if stream.freshness.warn >= stream.freshness.fail:
        yield "it would be broken before it is late", _LEVELS["freshness"]
    share = stream.levels.availability
    if share is not None and not 0 < share <= 1:
        yield "availability is no share", _LEVELS["availability"]
