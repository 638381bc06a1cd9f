"""Write dbt's source files from the contracts: ``make generate``, or ``python -m`` this module.

One file a source: its documents (``raw_<source>.<stream>``) and their versions
(``landing.<source>__<stream>``). A test holds the files equal to the contracts.
"""

from pathlib import Path
from typing import Any

import yaml

from observes_assets import contracts
from observes_assets.contracts import Contract
from observes_assets.installation import SOURCES
from observes_assets.version import DBT_PROJECT

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
    owners = [f"team:{contract.owner}"]
    documents = {
        "name": contract.source,
        "description": " ".join(contract.purpose.split()),
        "schema": f"raw_{contract.source}",
        "config": {"meta": {"dagster": {"group": contract.source, "owners": owners}}},
        "tables": [
            {"name": stream.name, "description": stream.description, "columns": _columns(_DOCUMENTS)}
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
    body = yaml.dump(
        {"sources": [documents, versions]}, Dumper=_Plain, sort_keys=False, width=100, allow_unicode=True
    )
    return f"# Made from the contract of {contract.source} by `make generate`: change that.\n{body}"


def _columns(columns: dict[str, tuple[str, str]]) -> list[dict[str, str]]:
    return [
        {"name": name, "data_type": kind, "description": description}
        for name, (kind, description) in columns.items()
    ]


class _Plain(yaml.SafeDumper):
    """Looks like the project's other files: lists are indented, and nothing points elsewhere."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002
        """Indent lists too."""
        super().increase_indent(flow, indentless=False)

    def ignore_aliases(self, _data: Any) -> bool:
        """Never point at an equal value elsewhere."""
        return True


def main() -> None:
    """Write every source's file."""
    for source in SOURCES:
        path(source).write_text(text(contracts.load(source)))


if __name__ == "__main__":
    main()
