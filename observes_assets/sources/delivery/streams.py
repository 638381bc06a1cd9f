"""The one stream, and its one record: the whole delivery file."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from observes_assets.sources.delivery.client import read_delivery
from observes_assets.sources.delivery.model import Board, Delivery


def delivery_stream(path: Path | None) -> Iterator[dict[str, Any]]:
    """Read the delivery file and yield its record.

    Args:
        path: the YAML file; None: nothing is configured.

    Raises:
        SettingsError: see ``read_delivery``.
    """
    yield delivery_record(read_delivery(path) if path else Delivery())


def delivery_record(delivery: Delivery) -> dict[str, Any]:
    """Make the record. Order in the file does not matter: the same words give the same record."""
    boards = sorted(delivery.boards, key=lambda one: (one.owner.casefold(), one.number))
    return {
        "name": "delivery",
        "time_zone": delivery.time_zone,
        "done": {name: sorted(names) for name, names in vars(delivery.done).items()},
        "started": sorted(delivery.started),
        "types": {name: sorted(names) for name, names in vars(delivery.types).items()},
        "incidents": {name: sorted(names) for name, names in vars(delivery.incidents).items()},
        "boards": [_board(board) for board in boards],
    }


def _board(board: Board) -> dict[str, Any]:
    names = {f"{kind}_field": name for kind, name in vars(board.fields).items()}
    return {"owner": board.owner, "number": board.number, "role": board.role, **names}
