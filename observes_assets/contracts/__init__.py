"""What a source promises: an Open Data Contract Standard document, read and compiled.

``contract.yaml`` in a source's folder is the only place where a stream's key, fields, types,
classification, owner, freshness and limits are written. ``load`` reads it from the source's folder,
``parse`` from bytes (a batch is validated with the contract that it was extracted under, which lies in
the bucket). What a contract says about checks and schedules is derived in ``oath`` and ``automation``.
"""

from observes_assets.contracts.document import Contract, StreamContract, load, parse
from observes_assets.contracts.record import Violation

__all__ = ["Contract", "StreamContract", "Violation", "load", "parse"]
