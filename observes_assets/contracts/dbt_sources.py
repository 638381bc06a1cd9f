"""Write dbt's source files from the contracts: ``make generate``, or ``python -m`` this module.

One file a source: its documents (``raw_<source>.<stream>``) and their versions
(``landing.<source>__<stream>``). A test holds the files equal to the contracts.
"""

from datetime import timedelta
from pathlib import Path
from typing import Any

from observes_assets import contracts
from observes_assets.contracts import Contract, StreamContract
from observes_assets.contracts.yaml_text import as_yaml
from observes_assets.installation import SOURCES
from observes_assets.version import DBT_PROJECT

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_DOCUMENTS = {
    "load_id": ("bigint", "The load that wrote this version."),
    "line": ("integer", "Line of the record in its batch."),
    "record_key": ("text", "The record's key as a JSON array."),
    "record_hash": ("uuid", "Hash of the record's bytes."),
    "record": ("jsonb", "The record, byte for byte as it was extracted."),
}
_VERSIONS = {
    "record_key": ("text", "The record's key as a JSON array."),
    "load_id": ("bigint", "The load that wrote this version."),
    "superseded_by": ("bigint", "The load of the next version; null for the last."),
    "is_deleted": ("boolean", "Whether this version is a tombstone."),
    "content_load_id": ("bigint", "The load of the last content."),
    "first_load_id": ("bigint", "The load that first carried the key."),
    "record_hash": ("uuid", "Hash of the last content."),
}


def path(source: str) -> Path:
    """Where a source's file is."""
    return DBT_PROJECT / "models" / "staging" / source / f"_{source}__sources.yml"


def text(contract: Contract) -> str:
    """What a source's file must hold."""
    documents = {
        "name": contract.source,
        "description": contract.purpose,
        "schema": f"raw_{contract.source}",
        "config": {"tags": [contract.domain], "meta": _meta(contract)},
        "tables": [
            {
                "name": stream.name,
                "description": stream.description,
                "config": {"meta": _promises(stream)},
                "columns": _columns(_DOCUMENTS),
            }
            for stream in contract.streams.values()
        ],
    }
    versions = {
        "name": "landing",
        "schema": "landing",
        "tables": [
            {
                "name": f"{contract.source}__{stream.name}",
                "description": f"Versions of {contract.source}/{stream.name}.",
                "columns": _columns(_VERSIONS),
            }
            for stream in contract.streams.values()
        ],
    }
    body = as_yaml({"sources": [documents, versions]})
    return f"# Made from the contract of {contract.source} by `make generate`: change that.\n{body}"


def _meta(contract: Contract) -> dict[str, Any]:
    return {
        "dagster": {"group": contract.source, "owners": contract.owners},
        "owner": contract.owner,
        "on_call": contract.on_call,
        "terms": contract.terms,
        "contract_version": contract.document.version,
    }


def _promises(stream: StreamContract) -> dict[str, Any]:
    levels = stream.levels
    return {
        "late_after_hours": stream.freshness.warn / _HOUR,
        "broken_after_hours": stream.freshness.fail / _HOUR,
        "latency_hours": levels.latency / _HOUR if levels.latency else None,
        "availability": levels.availability,
        "kept_days": levels.retention / _DAY if levels.retention else "without end",
        "key": list(stream.key),
        "personal_fields": [field.path for field in stream.personal_fields],
    }


def _columns(columns: dict[str, tuple[str, str]]) -> list[dict[str, str]]:
    return [
        {"name": name, "data_type": kind, "description": description}
        for name, (kind, description) in columns.items()
    ]


def main() -> None:
    """Write every source's file."""
    for source in SOURCES:
        path(source).parent.mkdir(exist_ok=True)
        path(source).write_text(text(contracts.load(source)))


if __name__ == "__main__":
    main()
