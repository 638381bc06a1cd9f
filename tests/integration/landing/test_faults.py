"""What goes wrong around a landing: lost or wrong objects, a bucket or a server that fails."""

import os
import signal
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from observes_assets.archive import Archive
from observes_assets.bucket import Bucket, open_bucket
from observes_assets.errors import IntegrityError, ObservesError
from observes_assets.extraction import Outcome
from observes_assets.landing import pending
from observes_assets.postgres.server import EmbeddedServer
from tests.integration.landing.batches import archive_only, damage, states
from tests.integration.landing.conftest import Desk, order


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("data missing", "is missing"),
        ("data torn", "has sha256"),
        ("data of another", "has sha256"),
        ("contract missing", "isn't in the bucket"),
        ("count wrong", "holds 2 records, its manifest says 3"),
        ("sha wrong", "has sha256"),
    ],
)
def test_a_batch_whose_bytes_are_not_as_promised_waits_until_they_are(
    desk: Desk, kind: str, said: str
) -> None:
    desk.land([order(1)])
    bad = archive_only(desk, [order(1, 2.0), order(2)])
    other = archive_only(desk, [order(1, region="us")], region="us")
    healthy = [] if kind == "contract missing" else [other.batch]  # they share the contract
    path, before = damage(desk, bad, kind)

    outcome = desk.extractor.land_waiting("orders")
    assert [load.manifest.batch for load in outcome.loads] == healthy  # other scopes go on
    assert said in outcome.refusals[0].reason
    assert outcome.refusals[0].is_about_bytes
    assert desk.heads()['["eu","1"]']["amount"] == 1.0
    assert desk.one("select count(*) from landing.quarantine") == 0
    assert not desk.extractor.land_waiting("orders").loads  # asking again changes nothing

    path.unlink(missing_ok=True)
    path.write_bytes(before)
    outcome = desk.extractor.land_waiting("orders")
    assert [load.manifest.batch for load in outcome.loads] == sorted({2, 3} - set(healthy))
    assert not outcome.refusals
    assert desk.heads()['["eu","1"]']["amount"] == 2.0


@pytest.mark.parametrize(
    ("kind", "said"), [("manifest torn", "is unreadable"), ("manifest missing", "lacks batch 2")]
)
def test_a_lost_number_stops_the_stream_before_anything_is_written(desk: Desk, kind: str, said: str) -> None:
    desk.land([order(1)])
    lost = archive_only(desk, [order(1, 2.0)])
    archive_only(desk, [order(1, 3.0)])
    path, before = damage(desk, lost, kind)
    with pytest.raises(IntegrityError, match=said):
        desk.land([order(1, 4.0)])
    assert desk.heads()['["eu","1"]']["amount"] == 1.0
    assert len(list(path.parent.glob("*.json"))) == (3 if kind == "manifest torn" else 2)

    path.write_bytes(before)
    desk.land([order(1, 4.0)])
    assert desk.heads()['["eu","1"]']["amount"] == 4.0
    assert states(desk) == ["landed"] * 4


def test_a_bucket_that_lost_what_the_ledger_knows_is_named(desk: Desk, tmp_path: Path) -> None:
    manifest = desk.land([order(1)]).loads[0].manifest
    path, before = damage(desk, manifest, "manifest missing")
    with pytest.raises(IntegrityError, match="Postgres knows batch 1 of shop/orders"):
        desk.land([order(2)])
    path.write_bytes(before)
    another = Archive(open_bucket(str(tmp_path / "another")), code_version="test")
    Desk(desk.connection, another, desk.contract)
    desk.archive, own = another, desk.archive
    with pytest.raises(IntegrityError, match="one of the two is the wrong one"):
        desk.land([order(2)])
    assert list((tmp_path / "another").rglob("*.json")) == []
    desk.archive = own
    desk.land([order(1), order(2)])
    assert len(desk.heads()) == 2


class FailingBucket:
    """A bucket whose n-th operation fails: before it is done, or after, so that only the answer is lost."""

    def __init__(self, bucket: Bucket, operations: int, *, after: bool) -> None:
        self.url = bucket.url
        self._bucket = bucket
        self._left = operations
        self._after = after

    def __getattr__(self, name: str) -> Callable[..., Any]:
        operation = getattr(self._bucket, name)

        def guarded(*arguments: Any, **named: Any) -> Any:
            self._left -= 1
            if self._left == 0 and not self._after:
                raise ObservesError("The folder can't be used: No space left on device.")
            result = operation(*arguments, **named)
            if self._left == 0:
                raise ObservesError("The server closed the connection.")
            return result

        return guarded

    @property
    def has_failed(self) -> bool:
        return self._left <= 0


@pytest.mark.parametrize("after", [False, True], ids=["undone", "done, answer lost"])
def test_a_bucket_that_fails_at_any_operation_loses_and_doubles_nothing(desk: Desk, *, after: bool) -> None:
    whole = desk.archive.bucket
    for operations in range(1, 40):
        failing = FailingBucket(whole, operations, after=after)
        desk.archive = Archive(failing, code_version="test")  # type: ignore[arg-type]
        records = [order(1, operations), order(2)]
        with suppress(ObservesError):
            desk.land(records)
        desk.archive = Archive(whole, code_version="test")
        desk.land(records)
        assert desk.heads() == {'["eu","1"]': records[0], '["eu","2"]': records[1]}
        assert desk.one("select count(*) from landing.shop__orders") == operations + 1
        assert set(states(desk)) == {"landed"}
        if not failing.has_failed:
            return
    pytest.fail("an extraction has more operations than this test knows")


@pytest.mark.parametrize("how", ["stopped", "killed"])
def test_postgres_restarts_under_a_landing(desk: Desk, embedded_server: EmbeddedServer, how: str) -> None:
    desk.land([order(0)])
    archive_only(desk, [order(number, note="x" * 500) for number in range(60_000)])
    pending.sync(desk.connection, desk.archive, "shop", "orders")
    postmaster = int((embedded_server._place.data / "postmaster.pid").read_text().split()[0])
    backend = desk.connection.info.backend_pid
    url = desk.connection.info.dsn + f" password={desk.connection.info.password}"
    with ThreadPoolExecutor(1) as pool:
        landing = pool.submit(desk.extractor.land_waiting, "orders")
        _wait_for_copy(url, landing)
        if how == "killed":
            # Both, as when the machine dies: without its postmaster a backend may still commit.
            os.kill(backend, signal.SIGKILL)
            _kill_and_wait(postmaster)
        else:
            embedded_server.stop()
        with pytest.raises(psycopg.OperationalError):
            landing.result()
    embedded_server.start()
    with psycopg.connect(url, autocommit=True) as connection:
        again = replace(desk, connection=connection)
        assert again.one("select count(*) from raw_shop.orders") == 1
        assert [load.counts.written for load in again.extractor.land_waiting("orders").loads] == [60_000]
        assert again.one("select count(*) from landing.shop__orders") == 60_001
        assert again.one("select count(*) from landing.loads") == 2


def _wait_for_copy(url: str, landing: Future[Outcome]) -> None:
    with psycopg.connect(url, autocommit=True) as watcher:
        while not landing.done():
            row = watcher.execute("select coalesce(sum(tuples_processed), 0) from pg_stat_progress_copy")
            if row.fetchone()[0] > 100:  # type: ignore[index]
                return
    pytest.fail("the landing was too quick to be caught")


def _kill_and_wait(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    with suppress(FileNotFoundError, ProcessLookupError):  # it has gone
        while Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z":
            time.sleep(0.01)
