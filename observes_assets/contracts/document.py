"""Read a contract document and answer the questions that the rest of Observes asks of it."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib import resources
from typing import Any

import msgspec
import yaml
from open_data_contract_standard.model import (
    CustomProperty,
    OpenDataContractStandard,
    SchemaObject,
    SchemaProperty,
    Team,
)
from pydantic import ValidationError

from observes_assets.contracts.record import Violation, check, record_type
from observes_assets.errors import SettingsError

# libyaml's loader is ten times faster, where PyYAML was built with it; both build plain values only.
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class StreamContract:
    """What a source promises about one stream."""

    source: str
    schema: SchemaObject
    sla: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The stream's name, as in ``raw_<source>.<stream>``."""
        return str(self.schema.name)

    @property
    def description(self) -> str:
        """What one record is."""
        return " ".join((self.schema.description or "").split())

    @property
    def properties(self) -> list[SchemaProperty]:
        """The promised fields."""
        return self.schema.properties or []

    @cached_property
    def key(self) -> tuple[str, ...]:
        """Names of the key's fields, in order; the scope's fields come first."""
        keyed = [item for item in self.properties if item.primaryKey]
        return tuple(str(item.name) for item in sorted(keyed, key=lambda one: one.primaryKeyPosition or 0))

    @cached_property
    def scope_by(self) -> tuple[str, ...]:
        """Fields that split the stream into scopes; empty: the stream is one scope."""
        return tuple(self._custom("scopeBy", []))

    @property
    def maximum_quarantined_count(self) -> int:
        """A batch with more refused records than this is refused as a whole."""
        return int(self._custom("maximumQuarantinedCount", 0))

    @property
    def maximum_vanished_share(self) -> float:
        """A complete batch that lacks a larger share of its scope's keys than this is refused (0 to 1)."""
        return float(self._custom("maximumVanishedShare", 0.0))

    @property
    def personal(self) -> tuple[str, ...]:
        """Fields that are pseudonymised in staging."""
        return tuple(str(item.name) for item in self.properties if item.classification == "personal")

    @property
    def cron(self) -> str:
        """When the stream is extracted, as a cron line in UTC."""
        return str(self.sla["frequency"])

    @property
    def freshness_hours(self) -> tuple[float, float]:
        """Age in hours from which the stream is late: (warn, fail)."""
        return float(self.sla["freshness_warn"]), float(self.sla["freshness_fail"])

    def _custom(self, name: str, default: Any) -> Any:
        return _customs(self.schema.customProperties).get(name, default)

    @cached_property
    def _record_type(self) -> type[msgspec.Struct]:
        return record_type(self.name, self.properties)

    def check(self, record: Any) -> Violation | None:
        """Check one parsed record; None if it keeps the promises."""
        return check(record, self._record_type)


@dataclass(frozen=True)
class Contract:
    """A source's promises, and the bytes that they were read from."""

    source: str
    text: bytes
    document: OpenDataContractStandard

    @cached_property
    def sha256(self) -> str:
        """Identity of the contract: a manifest names it."""
        return hashlib.sha256(self.text).hexdigest()

    @cached_property
    def streams(self) -> dict[str, StreamContract]:
        """The source's streams by name."""
        slas = self._sla_by_stream()
        return {
            str(schema.name): StreamContract(self.source, schema, slas.get(str(schema.name), {}))
            for schema in self.document.schema_ or []
        }

    @property
    def owner(self) -> str:
        """Name of the team that answers for the source."""
        team = self.document.team
        if isinstance(team, Team) and team.name:
            return team.name
        members = (team.members if isinstance(team, Team) else team) or []
        owners = [one.username or one.name for one in members if one.role == "owner"]
        if not owners:
            raise SettingsError(f"contract of {self.source}: no owner in its team.")
        return str(owners[0])

    @property
    def purpose(self) -> str:
        """What the source is for."""
        return (self.document.description.purpose or "").strip() if self.document.description else ""

    def _sla_by_stream(self) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        for item in self.document.slaProperties or []:
            for element in (item.element or "").split(","):
                sla = found.setdefault(element.strip().split(".")[0], {})
                if item.property == "freshness":
                    sla["freshness_warn"], sla["freshness_fail"] = item.value, item.valueExt or item.value
                elif item.property:
                    sla[item.property] = item.value
        return found


def _customs(items: list[CustomProperty] | None) -> dict[str, Any]:
    return {item.property: item.value for item in items or [] if item.property}


# Every landing asks for the contract of its batch, mostly the same one; reading it takes a tenth of a second.
@lru_cache(maxsize=64)
def parse(source: str, text: bytes) -> Contract:
    """Read a contract from its bytes.

    Raises:
        SettingsError: not an Open Data Contract Standard document, or a promise that Observes needs is
            missing; names the source and the stream.
    """
    try:
        plain = yaml.load(text, Loader=_Loader)  # noqa: S506 - a safe loader, in either case
        document = OpenDataContractStandard.model_validate(plain)
    except (ValidationError, yaml.YAMLError) as error:
        lines = str(error).splitlines()
        raise SettingsError(f"contract of {source} is unreadable: {' '.join(lines[:3])}.") from None
    contract = Contract(source=source, text=text, document=document)
    for stream in contract.streams.values():
        _require_sound(stream)
    return contract


def _require_sound(stream: StreamContract) -> None:
    name = f"contract of {stream.source}, stream {stream.name}"
    if not stream.key:
        raise SettingsError(f"{name}: no primaryKey.")
    if stream.key[: len(stream.scope_by)] != stream.scope_by:
        raise SettingsError(f"{name}: the key must begin with the fields of scopeBy.")
    required = {item.name for item in stream.properties if item.required}
    for field in stream.key:
        if field not in required:
            raise SettingsError(f"{name}: key field {field} must be required.")
    for promise in ("frequency", "freshness_warn", "freshness_fail"):
        if promise not in stream.sla:
            raise SettingsError(f"{name}: no {promise.split('_')[0]} among its slaProperties.")


def load(source: str) -> Contract:
    """Read the contract from the source's own folder."""
    folder = resources.files("observes_assets.sources").joinpath(source)
    return parse(source, folder.joinpath("contract.yaml").read_bytes())
