"""What the torture has found, each as a small test of its own."""

import errno
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from observes_assets.archive import Decision, lines
from observes_assets.draft import Draft, line_hashes
from observes_assets.landing import rebuild
from tests.integration.landing.batches import archive_only, states
from tests.integration.landing.conftest import Desk, order
from tests.invariants import require_whole
from tests.torture.strike import Point, Watch


@pytest.mark.parametrize(
    "function",
    [
        "observes_assets.archive:Archive.listing",
        "observes_assets.landing.pending:_require_same",
        "observes_assets.landing.one_batch:lock_state",
    ],
)
def test_a_rebuild_beside_a_run_leaves_no_batch_out(desk: Desk, function: str) -> None:
    """It forgot batches between two steps of a listing, which then began behind them."""
    desk.land([order(1), order(2)])
    desk.land([order(1, 2.0), order(2)])
    archive_only(desk, [order(1, 3.0), order(2)])
    other = Watch(Point(function, "call"), 1, lambda: _forget(desk))
    with other.watching():
        desk.extractor.land_waiting("orders")
    assert other.has_struck
    require_whole(desk.connection)
    desk.extractor.land_waiting("orders")
    require_whole(desk.connection)
    assert states(desk) == ["landed"] * 3
    assert desk.one("select count(*) from landing.shop__orders") == 4


def _forget(desk: Desk) -> None:
    url = f"{desk.connection.info.dsn} password={desk.connection.info.password}"
    with psycopg.connect(url, autocommit=True) as connection:
        rebuild.forget(connection, {"shop": desk.contract})


_UNSTORABLE = [(b"nul", b'"a\x00b"'), (b"tiny", b"1e-20000")]


@pytest.mark.parametrize("number", [b"1e-20000", b"0." + b"1" * 20_000, b"0e99999999999"])
def test_a_number_that_postgres_cannot_store_goes_to_quarantine(desk: Desk, number: bytes) -> None:
    """It kept its whole batch out, for ever: JSON and the contract allow it, jsonb doesn't."""
    desk.land([order(1), order(2)])
    spoiled = b'{"region":"eu","order_id":"1","amount":1,"note":"n","more":%s}' % number
    (load,) = desk.land([spoiled, order(2, 2.0), order(3)]).loads
    assert (load.counts.written, load.counts.quarantined, load.counts.deleted) == (2, 1, 0)
    assert desk.heads()['["eu","1"]']["amount"] == 1.0
    assert desk.one("select line, record_key, reason from landing.quarantine") == (
        1, '["eu","1"]', "holds a value that Postgres can't store",
    )  # fmt: skip


def test_a_raw_nul_beside_such_a_number_can_still_be_accepted(desk: Desk) -> None:
    """Postgres can't even be asked about it, and the question was about both."""
    lines = [b'{"region":"eu","order_id":"%s","amount":1,"more":%s}' % one for one in _UNSTORABLE]
    (refusal,) = desk.land([*lines, order(3)]).refusals
    assert "2 of 3 records break the contract" in refusal.reason
    now = datetime.now(UTC)
    desk.archive.decide(refusal.manifest, Decision(verdict="accept", who="ada", why="known", decided_at=now))
    (load,) = desk.extractor.land_waiting("orders").loads
    assert (load.counts.written, load.counts.quarantined) == (1, 2)


def test_a_document_of_several_lines_is_one_record(desk: Desk, tmp_path: Path) -> None:
    """Its line break moved every line behind it away from its hash."""
    desk.land([order(1), order(2)])
    pretty = b'{\n  "region": "eu",\n  "order_id": "1",\n  "amount": 2.0\n}'
    (load,) = desk.land([pretty, order(2, 2.0), order(3)]).loads
    assert (load.counts.written, load.counts.quarantined) == (3, 0)
    assert desk.heads()['["eu","1"]']["amount"] == 2.0
    draft = Draft(tmp_path / "draft")
    draft.add(b'{"note":"a\nb"}')  # no JSON, and it stays none
    draft.close()
    assert (list(lines(draft.path)), getattr(line_hashes(draft.path), "count", 0)) == (
        [b'{"note":"a\rb"}'],
        1,
    )


def test_a_disk_that_is_full_when_a_draft_ends_is_named(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tidying up ended the draft a second time, and hid why the first time had failed."""

    def full(*_arguments: Any, **_named: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Draft, "_write_hashes", full)
    with pytest.raises(OSError, match="No space left on device"):
        desk.land([order(1)])
