"""Read a contract document and answer the questions that the rest of Observes asks of it."""

import hashlib
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib import resources
from typing import TYPE_CHECKING

from observes_assets.contracts import customs, levels
from observes_assets.contracts.customs import Consumer, RateLimit, SourceCustoms
from observes_assets.contracts.stream import StreamContract
from observes_assets.errors import SettingsError

if TYPE_CHECKING:
    from open_data_contract_standard.model import OpenDataContractStandard, Server, Support, TeamMember

FILE = "contract.yaml"


@dataclass(frozen=True)
class Contract:
    """A source's promises, and the bytes that they were read from."""

    source: str
    text: bytes
    document: "OpenDataContractStandard"

    @cached_property
    def sha256(self) -> str:
        """Identity of the contract: a manifest names it."""
        return hashlib.sha256(self.text).hexdigest()

    @cached_property
    def streams(self) -> dict[str, StreamContract]:
        """The source's streams by name."""
        schemas = {str(schema.name): schema for schema in self.document.schema_ or []}
        promised = levels.by_stream(self.document.slaProperties or [], list(schemas))
        return {
            name: StreamContract(self.source, schema, promised[name], self.sha256)
            for name, schema in schemas.items()
        }

    @property
    def domain(self) -> str:
        """The part of the company that the source is about."""
        return self.document.domain or ""

    @property
    def members(self) -> "list[TeamMember]":
        """The team's members, with their roles."""
        team = self.document.team
        members = team if team is None or isinstance(team, list) else team.members
        return members or []

    @property
    def owner(self) -> str:
        """Who answers for the source: a team's name or an e-mail address."""
        team = self.document.team
        named = team.name if team and not isinstance(team, list) else None
        owner = self._member("owner") or named
        if owner is None:
            raise SettingsError(f"contract of {self.source}: no owner in its team.")
        return owner

    @property
    def on_call(self) -> str | None:
        """Who is told when the source is broken: a rota's name or an e-mail address."""
        return self._member("on-call")

    @property
    def owners(self) -> list[str]:
        """Owner and on-call as Dagster and dbt write them: an e-mail address, or ``team:`` and a name."""
        found = dict.fromkeys(one for one in (self.owner, self.on_call) if one)
        return [one if "@" in one else f"team:{one}" for one in found]

    @property
    def support(self) -> "list[Support]":
        """Channels where people ask about the source."""
        return self.document.support or []

    @property
    def servers(self) -> "list[Server]":
        """Where the vendor keeps the data."""
        return self.document.servers or []

    @property
    def purpose(self) -> str:
        """What the source is for."""
        return self._described("purpose")

    @property
    def terms(self) -> str:
        """What its data may be used for, and where it ends: usage and limitations."""
        return f"{self._described('usage')} {self._described('limitations')}".strip()

    @cached_property
    def customs(self) -> SourceCustoms:
        """What is promised beside the standard's own fields."""
        return customs.read(self.document.customProperties, SourceCustoms, f"contract of {self.source}")

    @property
    def consumers(self) -> tuple[Consumer, ...]:
        """Who reads the source, what of it, and why."""
        return self.customs.consumers

    @property
    def rate_limit(self) -> RateLimit | None:
        """What the vendor takes; None: no limit is known."""
        limit = self.customs.rate_limit
        return limit if isinstance(limit, RateLimit) else None

    def _member(self, role: str) -> str | None:
        return next((one.username or one.name for one in self.members if one.role == role), None)

    def _described(self, what: str) -> str:
        text = getattr(self.document.description, what, None) if self.document.description else None
        return " ".join((text or "").split())


# Every landing asks for the contract of its batch, mostly the same one; reading it takes a tenth of a second.
@lru_cache(maxsize=64)
def parse(source: str, text: bytes) -> Contract:
    """Read a contract from its bytes.

    Asked of it is what a landing needs. That it is complete is for ``lint`` to say: an archived batch is
    read with the contract that it had.

    Raises:
        SettingsError: not an Open Data Contract Standard document, or a promise that a landing needs is
            missing; names the source and the stream.
    """
    from observes_assets.contracts.reading import read  # noqa: PLC0415 - its docstring says why

    contract = Contract(source=source, text=text, document=read(source, text))
    for stream in contract.streams.values():
        stream.require_sound()
    return contract


def sources() -> tuple[str, ...]:
    """Names of the sources: each folder under ``sources`` that holds a contract."""
    folders = resources.files("observes_assets.sources").iterdir()
    return tuple(sorted(one.name for one in folders if one.joinpath(FILE).is_file()))


def load(source: str) -> Contract:
    """Read the contract from the source's own folder."""
    folder = resources.files("observes_assets.sources").joinpath(source)
    return parse(source, folder.joinpath(FILE).read_bytes())
