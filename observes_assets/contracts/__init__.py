"""What a source promises: an Open Data Contract Standard document, read and compiled.

``contract.yaml`` in a source's folder is the only place where a stream's key, fields, types,
classification, owner, freshness and limits are written. ``load`` reads it from the source's folder,
``parse`` from bytes (a batch is validated with the contract that it was extracted under, which lies in
the bucket). What a contract says about checks and schedules is derived in ``oath`` and ``automation``.
"""

from observes_assets.contracts.customs import Consumer, RateLimit, VolumeBand
from observes_assets.contracts.document import Contract, load, parse, sources
from observes_assets.contracts.levels import Freshness
from observes_assets.contracts.record import Violation
from observes_assets.contracts.stream import Field, StreamContract

__all__ = [
    "Consumer",
    "Contract",
    "Field",
    "Freshness",
    "RateLimit",
    "StreamContract",
    "Violation",
    "VolumeBand",
    "load",
    "parse",
    "sources",
]
