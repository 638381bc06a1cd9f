"""The records of the streams, each made by one function. Pure; every time is UTC."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from observes_assets.archive import Decision, Manifest

Record = dict[str, Any]


def accepted_or_rejected(manifest: Manifest, decision: Decision) -> Record:
    """A record of ``decisions``: how a refusal ended. A batch is decided once."""
    return {
        "decision_id": f"batch {manifest.source}/{manifest.stream}/{manifest.batch}",
        "verdict": decision.verdict,
        "source": manifest.source,
        "stream": manifest.stream,
        "batch": manifest.batch,
        "release": None,
        "who": decision.who,
        "why": decision.why,
        "decided_at": decision.decided_at.isoformat(),
    }


def held_or_resumed(
    verdict: Literal["hold", "resume"], *, release: int, who: str, why: str | None, at: datetime
) -> Record:
    """A record of ``decisions``: publishing is held, or goes on; ``release`` is on show from then on."""
    return {
        "decision_id": f"{verdict} {at.isoformat()}",
        "verdict": verdict,
        "source": None,
        "stream": None,
        "batch": None,
        "release": release,
        "who": who,
        "why": why,
        "decided_at": at.isoformat(),
    }


def loss_accepted(*, who: str, why: str, at: datetime) -> Record:
    """A record of ``decisions``: marts of the candidate lost more rows than they may, and that is right."""
    return {
        "decision_id": f"accept loss {at.isoformat()}",
        "verdict": "accept",
        "source": None,
        "stream": None,
        "batch": None,
        "release": None,
        "who": who,
        "why": why,
        "decided_at": at.isoformat(),
    }


def releases(published: Iterable[Mapping[str, Any]]) -> Iterator[Record]:
    """Records of ``releases``, from those that publishing put into the bucket."""
    for one in published:
        yield {
            "release": one["release_number"],
            "published_at": one["published_at"],
            "batches": {stream: batches["last"] for stream, batches in one["as_of_batches"].items()},
        }


@dataclass(frozen=True)
class Promises:
    """What a contract promised about a stream when it was extracted; None: nothing."""

    late_after_seconds: int
    broken_after_seconds: int
    availability: float | None
    latency_seconds: int | None


@dataclass(frozen=True)
class Extraction:
    """How the extraction of a stream went in one run."""

    source: str
    stream: str
    extracted_from: datetime
    extracted_until: datetime
    scope_count: int
    failed_scope_count: int
    reason: str | None
    changed_batch: int | None = None
    written_count: int = 0
    quarantined_count: int = 0
    refused_count: int = 0

    def as_record(self, extraction_id: str, run_id: str, promises: Promises) -> Record:
        """The record of ``extractions``."""
        return {
            "extraction_id": extraction_id,
            "run_id": run_id,
            **vars(self),
            "extracted_from": self.extracted_from.isoformat(),
            "extracted_until": self.extracted_until.isoformat(),
            "late_after_seconds": promises.late_after_seconds,
            "broken_after_seconds": promises.broken_after_seconds,
            "promised_availability": promises.availability,
            "promised_latency_seconds": promises.latency_seconds,
        }
