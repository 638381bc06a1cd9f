"""Promises that the standard has no field for: ``customProperties``, in camel case, typed here."""

from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

import msgspec

from observes_assets.errors import SettingsError

if TYPE_CHECKING:
    from open_data_contract_standard.model import CustomProperty

Count = Annotated[int, msgspec.Meta(ge=0)]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Text = Annotated[str, msgspec.Meta(min_length=1)]


class VolumeBand(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """How many records a complete batch may hold, as shares of the median of the recent loads."""

    minimum_share: Share
    maximum_share: Annotated[float, msgspec.Meta(ge=1)]


class RateLimit(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """How many requests the vendor takes in a period, and how many at once."""

    requests: Annotated[int, msgspec.Meta(ge=1)]
    period_seconds: Annotated[float, msgspec.Meta(gt=0)]
    concurrency: Annotated[int, msgspec.Meta(ge=1)] = 1

    @property
    def period(self) -> timedelta:
        """The period in which they are counted."""
        return timedelta(seconds=self.period_seconds)


class CreditBudget(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """How many of the vendor's credits we may spend in a rolling period; others live on the rest."""

    credits: Annotated[int, msgspec.Meta(ge=1)]
    period_seconds: Annotated[float, msgspec.Meta(gt=0)]

    @property
    def period(self) -> timedelta:
        """The period in which they are counted."""
        return timedelta(seconds=self.period_seconds)


class Consumer(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """Who reads a source's streams, and why.

    ``reads_personal`` holds the personal fields (``stream.path``) that it reads in plain text; mostly none.
    """

    name: Text
    streams: tuple[str, ...]
    purpose: Text
    reads_personal: tuple[str, ...] = ()


class SourceCustoms(msgspec.Struct, frozen=True, rename="camel"):
    """Custom properties of a whole contract."""

    consumers: tuple[Consumer, ...] = ()
    rate_limit: RateLimit | Literal["unlimited"] = "unlimited"
    credit_budget: CreditBudget | None = None


class StreamCustoms(msgspec.Struct, frozen=True, rename="camel"):
    """Custom properties of one stream; ``StreamContract`` says what each means."""

    scope_by: tuple[str, ...] = ()
    maximum_quarantined_count: Count = 0
    maximum_quarantined_share: Share = 0.0
    maximum_vanished_share: Share = 0.0
    volume_band: VolumeBand | None = None
    recency_field: str | None = None
    recency_hours: Annotated[float, msgspec.Meta(gt=0)] | None = None
    is_counted: bool = False
    calls_for_build: bool = True
    sweep_hours: Annotated[float, msgspec.Meta(ge=0)] | None = None


Customs = TypeVar("Customs", SourceCustoms, StreamCustoms)


def read(items: "Iterable[CustomProperty] | None", kind: type[Customs], where: str) -> Customs:
    """Read custom properties; ones that we don't know are let be (``lint`` complains).

    Raises:
        SettingsError: one has a value of the wrong kind; names ``where`` and the property, not the value.
    """
    try:
        return msgspec.convert(by_name(items), kind)
    except msgspec.ValidationError as error:
        reason, _, path = str(error).partition(" - at ")
        raise SettingsError(f"{where}: {path.strip('`').removeprefix('$.')}: {reason}.") from None


def by_name(items: "Iterable[CustomProperty] | None") -> dict[str, Any]:
    """Values of custom properties by name."""
    return {item.property: item.value for item in items or [] if item.property}


def names(kind: type[msgspec.Struct]) -> list[str]:
    """Names of the custom properties that we know, as a contract writes them."""
    return [field.encode_name for field in msgspec.structs.fields(kind)]
