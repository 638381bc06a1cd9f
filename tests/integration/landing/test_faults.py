"""What goes wrong around a landing: other processes, lost or wrong objects, a bucket or server that fails."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest

from observes_assets import contracts
from observes_assets.archive import Archive, Decision, Manifest
from observes_assets.bucket import Bucket, open_bucket
from observes_assets.contracts import Contract
from observes_assets.errors import BusyError, IntegrityError, ObservesError
from observes_assets.extraction import Extractor, Reading
from observes_assets.landing import pending, rebuild
from observes_assets.postgres.server import EmbeddedServer
from tests.integration.landing.conftest import CONTRACT, Desk, order

NewDesk = Callable[..., Desk]


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


# --- Several at once ---------------------------------------------------------------------------------------


def test_several_landers_land_each_batch_once_and_in_order(new_desk: NewDesk) -> None:
    desks = [new_desk() for _ in range(4)]
    for number in range(12):
        region = "eu" if number % 2 else "us"
        archive_only(desks[0], [order(1, number, region), order(2, 1, region)], region=region)
        pending.sync(desks[0].connection, desks[0].archive, "shop", "orders")
    with ThreadPoolExecutor(len(desks)) as pool:
        outcomes = list(pool.map(lambda desk: desk.extractor.land_waiting("orders"), desks))
    landed = sorted(load.manifest.batch for outcome in outcomes for load in outcome.loads)
    assert landed == list(range(1, 13))
    chains = desks[0].connection.execute(
        "select array_agg(l.batch order by l.load_id) from landing.loads as l group by l.scope"
    )
    assert all(row[0] == sorted(row[0]) for row in chains)
    assert desks[0].one("select count(*) from landing.shop__orders where superseded_by is null") == 4
    assert desks[0].one("select count(*) from raw_shop.orders") == 14


def test_a_lander_does_not_overtake_a_batch_that_another_has_just_refused(new_desk: NewDesk) -> None:
    first, second = new_desk(), new_desk()
    first.land([order(1), order(2)])
    archive_only(first, [order(1) | {"amount": None}, order(2) | {"amount": None}])
    later = archive_only(second, [order(3)], kind="differential")
    pending.sync(second.connection, second.archive, "shop", "orders")  # it has read: both are pending
    assert first.extractor.land_waiting("orders").refusals[0].manifest.batch == 2
    assert pending.land_one(second.connection, second.archive, later, run_id="slow") is None
    assert states(first) == ["landed", "refused", "pending"]


def test_who_finds_a_batch_broken_does_not_refuse_what_another_has_landed(
    new_desk: NewDesk, tmp_path: Path
) -> None:
    desk, other = new_desk(), new_desk(bucket=tmp_path / "stale")
    manifest = archive_only(desk, [order(1)])
    assert desk.extractor.land_waiting("orders").loads
    assert pending.land_one(other.connection, other.archive, manifest, run_id="late") is None
    assert states(desk) == ["landed"]
    assert not desk.extractor.land_waiting("orders").loads


def test_a_batch_that_has_landed_lands_no_more(desk: Desk) -> None:
    manifest = desk.land([order(1)]).loads[0].manifest
    before = versions(desk)
    assert pending.land_one(desk.connection, desk.archive, manifest, run_id="again") is None
    assert (versions(desk), desk.one("select count(*) from landing.loads")) == (before, 1)


def test_a_scope_is_extracted_by_one_process_at_a_time(new_desk: NewDesk) -> None:
    """A sweep that began earlier can't overwrite what a later extraction of the scope found."""
    sweep, differential = new_desk(), new_desk()
    began, order_of_events = threading.Event(), []

    def slow() -> Iterator[dict[str, Any]]:
        began.set()
        yield order(1, 1.0)
        other_scope = new_desk().land([order(1, region="us")], region="us")  # others need not wait
        order_of_events.append(f"us landed {len(other_scope.loads)}")
        yield order(2, 1.0)
        order_of_events.append("sweep ends")

    def sweeps() -> None:
        with sweep.extractor.scope("orders", {"region": "eu"}) as start:
            sweep.extractor.extract("orders", {"region": "eu"}, start, Reading("complete", slow()))

    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(sweeps)
        assert began.wait(20)
        outcome = differential.land([order(1, 9.0), order(3)], kind="differential")
        order_of_events.append("differential landed")
        running.result()
    assert order_of_events == ["us landed 1", "sweep ends", "differential landed"]
    assert outcome.loads[0].manifest.previous is not None
    assert differential.heads()['["eu","1"]']["amount"] == 9.0
    assert len(differential.heads()) == 4


def test_whoever_lost_the_scope_is_dropped_and_whoever_lost_the_number_takes_the_next(desk: Desk) -> None:
    """Two machines saw the same archive. Clocks order nothing: the slower clock lands as it was numbered."""
    desk.land([order(1)])
    winner = archive_only(desk, [order(1, 2.0)], last_number=1, previous=1)
    with pytest.raises(BusyError, match="Another process archived batch 2"):
        archive_only(desk, [order(1, 3.0)], last_number=1, previous=1)
    long_ago = datetime.now(UTC) - timedelta(days=9)
    third = archive_only(
        desk, [order(1, region="us")], region="us", last_number=1, previous=None, extracted_until=long_ago
    )
    assert (winner.batch, third.batch) == (2, 3)
    assert [load.manifest.batch for load in desk.extractor.land_waiting("orders").loads] == [2, 3]
    assert desk.heads()['["eu","1"]']["amount"] == 2.0


# --- The bucket lies ---------------------------------------------------------------------------------------


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


# --- The bucket or the server fails ------------------------------------------------------------------------


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
    archive_only(desk, [order(number, note="x" * 500) for number in range(30_000)])
    pending.sync(desk.connection, desk.archive, "shop", "orders")
    url = desk.connection.info.dsn + f" password={desk.connection.info.password}"
    with ThreadPoolExecutor(1) as pool:
        landing = pool.submit(desk.extractor.land_waiting, "orders")
        _wait_for_copy(url)
        if how == "killed":
            postmaster = int((embedded_server._place.data / "postmaster.pid").read_text().split()[0])
            _kill_and_wait(postmaster)
        else:
            embedded_server.stop()
        with pytest.raises(psycopg.OperationalError):
            landing.result()
    embedded_server.start()
    with psycopg.connect(url, autocommit=True) as connection:
        again = replace(desk, connection=connection)
        assert again.one("select count(*) from raw_shop.orders") == 1
        assert [load.counts.written for load in again.extractor.land_waiting("orders").loads] == [30_000]
        assert again.one("select count(*) from landing.shop__orders") == 30_001
        assert again.one("select count(*) from landing.loads") == 2


def _wait_for_copy(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as watcher:
        for _ in range(2000):
            row = watcher.execute("select coalesce(sum(tuples_processed), 0) from pg_stat_progress_copy")
            if row.fetchone()[0] > 100:  # type: ignore[index]
                return
    pytest.fail("the landing was too quick to be caught")


def _kill_and_wait(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    for _ in range(500):
        if not Path(f"/proc/{pid}").exists() or "Z" in Path(f"/proc/{pid}/stat").read_text().split()[2]:
            return
        time.sleep(0.01)


# --- Replay ------------------------------------------------------------------------------------------------


def test_a_batch_is_always_judged_by_the_contract_it_was_extracted_under(
    desk: Desk, contract: Contract
) -> None:
    desk.land([order(1), order(2, note="fine")])
    desk.land([order(1) | {"amount": "much"}, order(2)])
    before = versions(desk)
    strict = CONTRACT.replace("logicalType: number", "logicalType: string")
    assert strict != CONTRACT
    desk.contract = contracts.parse("shop", strict.encode())

    rebuild.forget(desk.connection, {"shop": desk.contract})
    desk.extractor.land_waiting("orders")
    assert versions(desk) == before
    assert desk.one("select count(*) from landing.quarantine") == 1

    outcome = desk.land([order(2) | {"amount": "1"}, order(1)])
    assert outcome.loads[0].counts.quarantined == 1  # from the next batch on, the new one holds
    assert desk.one("select count(distinct contract_sha256) from landing.loads") == 2


def test_a_rejected_batch_never_lands_even_where_it_could(new_desk: NewDesk, desk: Desk) -> None:
    """Its object was broken, a person rejected it, somebody restored it later: a replay must not land it."""
    desk.land([order(1)])
    bad = archive_only(desk, [order(1, 2.0)])
    path, before = damage(desk, bad, "data torn")
    desk.extractor.land_waiting("orders")
    decision = Decision(verdict="reject", who="test", why="torn", decided_at=datetime.now(UTC))
    assert desk.archive.decide(bad, decision)
    desk.land([order(1, 3.0)])
    assert states(desk) == ["landed", "rejected", "landed"]
    lived = versions(desk)

    path.write_bytes(before)
    rebuild.forget(desk.connection, {"shop": desk.contract})
    desk.extractor.land_waiting("orders")
    assert (states(desk), versions(desk)) == (["landed", "rejected", "landed"], lived)


def test_a_replay_that_was_interrupted_goes_on(desk: Desk) -> None:
    for number in range(6):
        desk.land([order(1, number), order(number + 10)], kind="differential")
    lived = versions(desk)
    rebuild.forget(desk.connection, {"shop": desk.contract})
    pending.sync(desk.connection, desk.archive, "shop", "orders")
    for manifest, _ in list(desk.archive.listing("shop", "orders", after=0))[:3]:
        pending.land_one(desk.connection, desk.archive, manifest, run_id="killed")
    desk.land([order(1, 5)], kind="differential")
    assert versions(desk) == lived
    assert desk.one("select min(load_id) from landing.loads") > 6  # load ids are never used twice


def test_first_seen_is_the_first_batch_that_carried_it(desk: Desk) -> None:
    """Neither a re-walk of the source, nor a tombstone, nor a rebuild moves a first-seen date."""
    first = desk.land([order(1), order(2)]).loads[0].manifest
    desk.land([order(2)])
    desk.land([order(1, 5.0), order(2)])
    desk.land([order(1, 5.0), order(2), order(3)])  # the extractor lost its memory and sent all again
    seen = """
        select record_key, extracted_until from landing.shop__orders as v
        join landing.loads as l on l.load_id = v.first_load_id where superseded_by is null order by 1
    """
    lived = desk.connection.execute(seen).fetchall()
    assert [row[1] for row in lived][:2] == [first.extracted_until] * 2
    rebuild.forget(desk.connection, {"shop": desk.contract})
    Extractor(desk.connection, desk.archive, desk.contract, run_id="rebuild").land_waiting("orders")
    assert desk.connection.execute(seen).fetchall() == lived
