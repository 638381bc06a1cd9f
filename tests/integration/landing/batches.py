"""Batches put into a bucket by somebody else, and what became of them."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from observes_assets.archive import Manifest
from tests.integration.landing.conftest import Desk


def archive_only(
    desk: Desk, records: list[Any], *, region: str = "eu", kind: str = "complete", **more: Any
) -> Manifest:
    """Put a batch into the bucket as another machine would: nothing lands, Postgres hears nothing of it."""
    with desk.archive.draft() as draft:
        for record in records:
            draft.add(record)
        taken = len([name for name in desk.archive.bucket.names("archive/") if "decision" not in name])
        return desk.archive.write(
            draft,
            contract=desk.contract,
            stream="orders",
            scope={"region": region},
            kind=kind,  # type: ignore[arg-type]
            extracted_from=datetime.now(UTC),
            **{"previous": taken or None, "last_number": taken} | more,
        )


def versions(desk: Desk) -> list[Any]:
    """Every version, by batches, so that two databases can be compared."""
    return desk.connection.execute(
        """
        select v.record_key, l.batch, gone.batch, v.is_deleted, first.batch, v.record_hash::text
        from landing.shop__orders as v join landing.loads as l using (load_id)
        join landing.loads as first on first.load_id = v.first_load_id
        left join landing.loads as gone on gone.load_id = v.superseded_by order by 1, 2
        """
    ).fetchall()


def states(desk: Desk) -> list[str]:
    return [row[0] for row in desk.connection.execute("select state from landing.batches order by batch")]


def path_of(desk: Desk, name: str) -> Path:
    return Path(desk.archive.bucket.url) / name


def damage(desk: Desk, manifest: Manifest, kind: str) -> tuple[Path, bytes]:
    """Damage an object of a batch; returns its path and what it held."""
    name = f"archive/shop/orders/{manifest.batch:010}.json"
    name = {"data": manifest.data, "contract": f"contracts/{manifest.contract_sha256}.yaml"}.get(
        kind.partition(" ")[0], name
    )
    path = path_of(desk, name)
    before = path.read_bytes()
    if kind.endswith("missing"):
        path.unlink()
    elif kind.endswith("torn"):
        path.write_bytes(before[: len(before) // 2])
    elif kind == "data of another":
        path.write_bytes(before[::-1])
    else:
        wrong = {"count wrong": {"record_count": 3}, "sha wrong": {"data_sha256": "0" * 64}}[kind]
        path.write_bytes(msgspec.json.encode(msgspec.json.decode(before) | wrong))
    return path, before
