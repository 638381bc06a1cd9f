"""What a source promises about one stream."""

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

import msgspec

from observes_assets.contracts import customs
from observes_assets.contracts.customs import StreamCustoms, VolumeBand
from observes_assets.contracts.levels import Freshness, Levels
from observes_assets.contracts.record import Violation, check, key_reader, record_type
from observes_assets.errors import SettingsError

if TYPE_CHECKING:
    from open_data_contract_standard.model import SchemaObject, SchemaProperty

CLASSIFICATIONS = ("public", "personal", "secret")  # each guards more than the one before
FIELD_CUSTOMS = {"person"}  # custom properties of a field
ITEMS = "[]"  # the step from an array to each of its items


@dataclass(frozen=True)
class Field:
    """A promised field, on whatever level of the record."""

    steps: tuple[str, ...]
    schema: "SchemaProperty"
    classification: str | None

    @property
    def person(self) -> str | None:
        """Whose it is, where one level of a record is about several people; None: about one."""
        name = customs.by_name(self.schema.customProperties).get("person")
        return None if name is None else str(name)

    @property
    def path(self) -> str:
        """Where it is, for people: ``sha``, ``assignee.login``, ``co_authors[].email``."""
        return ".".join(self.steps).replace(f".{ITEMS}", ITEMS)


@dataclass(frozen=True)
class StreamContract:
    """What a source promises about one stream."""

    source: str
    schema: "SchemaObject"
    levels: Levels
    contract_sha256: str = ""

    @property
    def name(self) -> str:
        """The stream's name, as in ``raw_<source>.<stream>``."""
        return str(self.schema.name)

    @property
    def description(self) -> str:
        """What one record is."""
        return " ".join((self.schema.description or "").split())

    @property
    def properties(self) -> "list[SchemaProperty]":
        """The promised fields of the first level."""
        return self.schema.properties or []

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        """Every promised field, on every level: a field before those inside it."""
        return tuple(_fields(self.properties, (), None))

    @cached_property
    def key(self) -> tuple[str, ...]:
        """Names of the key's fields, in order; the scope's fields come first."""
        keyed = [item for item in self.properties if item.primaryKey]
        return tuple(str(item.name) for item in sorted(keyed, key=lambda one: one.primaryKeyPosition or 0))

    @cached_property
    def customs(self) -> StreamCustoms:
        """What is promised beside the standard's own fields."""
        return customs.read(self.schema.customProperties, StreamCustoms, self._title)

    @property
    def scope_by(self) -> tuple[str, ...]:
        """Fields that split the stream into scopes; empty: the stream is one scope."""
        return self.customs.scope_by

    @property
    def maximum_quarantined_count(self) -> int:
        """This many refused records a batch may hold, whatever its size."""
        return self.customs.maximum_quarantined_count

    @property
    def maximum_quarantined_share(self) -> float:
        """This share (0 to 1) of a batch's records may be refused, where that is more than the count."""
        return self.customs.maximum_quarantined_share

    def quarantine_threshold(self, record_count: int) -> int:
        """How many of a batch's ``record_count`` records may be refused.

        The promised count, or the promised share of the batch where that is more. Up to it the batch lands
        and the owner looks into it; above it the whole batch is refused and on-call is told.
        """
        # To a computer, 29 percent of 100 is a little less than 29.
        share = math.floor(self.maximum_quarantined_share * record_count + 1e-9)
        return max(self.maximum_quarantined_count, share)

    @property
    def maximum_vanished_share(self) -> float:
        """A complete batch that lacks a larger share of its scope's keys than this is refused (0 to 1)."""
        return self.customs.maximum_vanished_share

    @property
    def volume_band(self) -> VolumeBand | None:
        """The band that a complete batch's count must lie in; None: any count is as good."""
        return self.customs.volume_band

    @property
    def recency_field(self) -> str | None:
        """Field of the first level that holds when the record last changed; None: none tells."""
        return self.customs.recency_field

    @property
    def recency(self) -> timedelta:
        """How old the newest ``recency_field`` may be; like the freshness if the contract doesn't say."""
        hours = self.customs.recency_hours
        return self.freshness.warn if hours is None else timedelta(hours=hours)

    @property
    def is_counted(self) -> bool:
        """Whether the vendor says how many records there are."""
        return self.customs.is_counted

    @property
    def calls_for_build(self) -> bool:
        """Whether a load of this stream alone is reason enough for a new release."""
        return self.customs.calls_for_build

    @property
    def sweep_every(self) -> timedelta | None:
        """After so long everything is read anew, not only what has changed; None: it never is.

        Zero: every reading is of everything.
        """
        hours = self.customs.sweep_hours
        return None if hours is None else timedelta(hours=hours)

    @cached_property
    def personal_fields(self) -> tuple[Field, ...]:
        """Fields about a person: pseudonymised in staging, shown in plain text to nobody who isn't named."""
        return tuple(field for field in self.fields if field.classification == "personal")

    @cached_property
    def secret_fields(self) -> tuple[Field, ...]:
        """Fields that never leave the extract."""
        return tuple(field for field in self.fields if field.classification == "secret")

    @property
    def cron(self) -> str:
        """When the stream is extracted, as a cron line in UTC."""
        assert self.levels.frequency is not None
        return self.levels.frequency

    @property
    def freshness(self) -> Freshness:
        """Age of the last good load from which the stream is late (warn) and broken (fail)."""
        assert self.levels.freshness is not None
        return self.levels.freshness

    def require_sound(self) -> None:
        """Refuse a contract that can't be landed by.

        Raises:
            SettingsError: a promise that no landing can do without is missing; names source and stream.
        """
        name = self._title
        if not self.key:
            raise SettingsError(f"{name}: no primaryKey.")
        if self.key[: len(self.scope_by)] != self.scope_by:
            raise SettingsError(f"{name}: the key must begin with the fields of scopeBy.")
        required = {item.name for item in self.properties if item.required}
        for field in self.key:
            if field not in required:
                raise SettingsError(f"{name}: key field {field} must be required.")
        for promise in ("frequency", "freshness"):
            if getattr(self.levels, promise) is None:
                raise SettingsError(f"{name}: no {promise} among its slaProperties.")

    @property
    def _title(self) -> str:
        return f"contract of {self.source}, stream {self.name}"

    @cached_property
    def _record_type(self) -> type[msgspec.Struct]:
        return record_type(self.name, self.properties)

    def check(self, record: Any) -> Violation | None:
        """Check one parsed record; None if it keeps the promises."""
        return check(record, self._record_type)

    @cached_property
    def sound_key(self) -> Callable[[bytes], list[str | int] | None]:
        """Tells the key of a record (JSON) that keeps the promises, in the order of its fields.

        Parses no more than the contract speaks of; the rest may not even be text. None: it may be sound or
        not, ``check`` tells.
        """
        return key_reader(self._record_type, self.key)


def _fields(
    properties: "Iterable[SchemaProperty]", above: tuple[str, ...], inherited: str | None
) -> Iterator[Field]:
    """Fields with their classification: what lies inside a field has that field's, unless it says its own."""
    for item in properties:
        steps = (*above, str(item.name))
        classification = item.classification or inherited
        yield Field(steps, item, classification)
        inner, level = item, steps
        while inner.items:
            inner, level = inner.items, (*level, ITEMS)
        yield from _fields(inner.properties or [], level, inner.classification or classification)
