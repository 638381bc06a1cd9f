"""When a batch is refused as a whole: too much of it breaks the contract, or too much would vanish."""

from dataclasses import dataclass
from typing import Any

from observes_assets.archive import Manifest
from observes_assets.contracts import StreamContract
from observes_assets.errors import IntegrityError, RefusedError
from observes_assets.landing.records import Reader, Refused

SAMPLE_SIZE = 100


class BatchRefusedError(RefusedError):
    """The batch broke its contract by more than the contract tolerates; holds what a person must see."""

    def __init__(self, reason: str, counts: dict[str, int], samples: list[dict[str, Any]]) -> None:
        super().__init__(reason)
        self.reason = reason
        self.counts = counts
        self.samples = samples


@dataclass(frozen=True)
class Refusal:
    """A batch that waits for a decision."""

    manifest: Manifest
    reason: str
    is_about_bytes: bool


def check_quality(reader: Reader, manifest: Manifest, *, limits_apply: bool) -> None:
    """Judge a batch that was read to its end.

    Raises:
        IntegrityError: it holds another number of records than its manifest says.
        BatchRefusedError: more of them are in quarantine than the contract allows.
    """
    if reader.line_count != manifest.record_count:
        raise IntegrityError(
            f"{manifest.title} holds {reader.line_count} records, its manifest says {manifest.record_count}."
        )
    allowed = reader.contract.quarantine_threshold(reader.line_count)
    if limits_apply and len(reader.refused) > allowed:
        raise BatchRefusedError(
            f"{len(reader.refused)} of {reader.line_count} records break the contract, {allowed} may",
            {"read": reader.line_count, "quarantined": len(reader.refused)},
            [_sample(one) for one in reader.refused[:SAMPLE_SIZE]],
        )


def shrunk(contract: StreamContract, vanished: int, before: int, keys: list[str]) -> BatchRefusedError:
    """The refusal of a batch that would take more keys away than the contract allows."""
    return BatchRefusedError(
        f"{vanished} of {before} keys would vanish, at most {contract.maximum_vanished_share:.0%} may",
        {"vanishing": vanished, "keys": before},
        [{"key": key, "reason": "vanished"} for key in keys],
    )


def _sample(one: Refused) -> dict[str, Any]:
    return {"line": one.line, "key": one.key, "path": one.violation.path, "reason": one.violation.reason}
