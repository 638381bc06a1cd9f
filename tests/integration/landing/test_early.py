"""A scope's first batch lands while it is being archived, and never before it is in the bucket."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from observes_assets.archive import Archive
from observes_assets.bucket import Bucket
from observes_assets.errors import IntegrityError, TransientError
from observes_assets.extraction import Outcome
from tests.integration.landing.batches import archive_only, damage, path_of, states
from tests.integration.landing.conftest import Desk, order

MANY = 2_000  # records, of which the first ones are with Postgres before the last ones are read


@pytest.fixture
def hasty(new_desk: Callable[..., Desk]) -> Desk:
    return replace(new_desk(), is_at_hand=True)


@pytest.fixture
def watcher(hasty: Desk) -> Iterator[psycopg.Connection]:
    """Another session, that sees what is committed, and what the desk's is about."""
    url = hasty.connection.info.dsn + f" password={hasty.connection.info.password}"
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Who starts us in the background may have made us deaf to interrupts."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


class WatchedBucket:
    """A bucket that calls somebody after each new object, by its name."""

    def __init__(self, bucket: Bucket, after_put: Callable[[str], None]) -> None:
        self._bucket = bucket
        self._after_put = after_put

    def __getattr__(self, name: str) -> Any:
        return getattr(self._bucket, name)

    def put_new(self, name: str, data: Any) -> bool:
        is_new = self._bucket.put_new(name, data)
        self._after_put(name)
        return is_new


def watch(desk: Desk, after_put: Callable[[str], None]) -> None:
    bucket = WatchedBucket(desk.archive.bucket, after_put)
    desk.archive = Archive(bucket, code_version="test")  # type: ignore[arg-type]


def landed(connection: psycopg.Connection) -> int:
    row = connection.execute(
        "select (select count(*) from raw_shop.orders) + (select count(*) from landing.shop__orders) "
        "+ (select count(*) from landing.loads)"
    ).fetchone()
    assert row is not None
    return int(row[0])


def is_copying(watcher: psycopg.Connection, desk: Desk) -> bool:
    row = watcher.execute(
        "select query ^@ 'copy' and state = 'active' from pg_stat_activity where pid = %s",
        [desk.connection.info.backend_pid],
    ).fetchone()
    return bool(row and row[0])


def test_records_are_copied_as_they_are_read_and_stay_unseen_until_they_are_archived(
    hasty: Desk, watcher: psycopg.Connection
) -> None:
    seen: list[Any] = []

    def records() -> Iterator[Any]:
        for number in range(MANY):
            yield order(number)
        seen.append(is_copying(watcher, hasty))

    watch(hasty, lambda name: seen.append((name.partition("/")[0], landed(watcher))))
    (load,) = hasty.land(records()).loads
    assert seen == [True, ("contracts", 0), ("data", 0), ("archive", 0)]
    assert (load.counts.read, load.counts.written, states(hasty)) == (MANY, MANY, ["landed"])
    assert landed(watcher) == 2 * MANY + 1


def test_a_scope_that_has_records_lands_from_the_archive(hasty: Desk, watcher: psycopg.Connection) -> None:
    hasty.land([order(1)])
    seen = []

    def records() -> Iterator[Any]:
        yield order(1, 2.0)
        seen.append(is_copying(watcher, hasty))

    hasty.land(records())
    assert seen == [False]
    assert hasty.heads()['["eu","1"]']["amount"] == 2.0


def test_a_scope_whose_batch_waits_lands_from_the_archive_and_behind_it(hasty: Desk) -> None:
    path, before = damage(hasty, archive_only(hasty, [order(1), order(2)]), "data torn")
    hasty.extractor.land_waiting("orders")
    assert hasty.land([order(1, 2.0), order(3)]).loads == []
    assert states(hasty) == ["refused", "pending"]
    path.write_bytes(before)
    assert [load.counts.deleted for load in hasty.extractor.land_waiting("orders").loads] == [0, 1]


def test_a_source_that_fails_midway_leaves_nothing(hasty: Desk, watcher: psycopg.Connection) -> None:
    def records() -> Iterator[Any]:
        for number in range(MANY):
            yield order(number)
        raise TransientError("The zip is cut off.", "Try again later.")

    with pytest.raises(TransientError, match="cut off"):
        hasty.land(records())
    assert (landed(watcher), states(hasty)) == (0, [])
    assert list(hasty.archive.bucket.names("archive/")) == []
    assert hasty.land([order(1)]).written == 1


def test_what_a_source_says_of_its_failure_is_not_in_postgres_log(hasty: Desk, embedded_home: Path) -> None:
    def records() -> Iterator[Any]:
        yield order(1)
        raise ValueError("Jane Doe is no number")

    with pytest.raises(ValueError, match="Jane"):
        hasty.land(records())
    hasty.land([order(1), b'{"region":"eu","order_id":"huge","amount":1,"digits":1e-20000}'])
    (log,) = embedded_home.rglob("server.log")
    assert b"numeric" in log.read_bytes()  # it does hold what fails
    assert b"Jane" not in log.read_bytes()


def test_records_that_fail_as_postgres_fails_are_no_whole_batch(
    hasty: Desk, watcher: psycopg.Connection
) -> None:
    def records() -> Iterator[Any]:
        yield order(1)
        watcher.execute("select 1 / 0")
        yield order(2)

    with pytest.raises(IntegrityError, match="could not be read to its end"):
        hasty.land(records())
    assert list(hasty.archive.bucket.names("archive/")) == []
    assert hasty.land([order(1), order(2)]).written == 2


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("where", ["contracts/", "data/", "archive/"])
def test_an_interrupt_while_it_is_archived_ends_that_at_once(hasty: Desk, where: str) -> None:
    put = []

    def interrupt(name: str) -> None:
        put.append(name.partition("/")[0] + "/")
        if put == ["contracts/", "data/", "archive/"][: len(put)] and put[-1] == where:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(30)  # a thread would not hear of it

    watch(hasty, interrupt)
    with pytest.raises(KeyboardInterrupt):
        hasty.land([order(1), order(2)])
    assert put[-1] == where
    assert states(hasty) == []
    hasty.land([order(1), order(2)])
    assert states(hasty) == ["landed"] * (2 if where == "archive/" else 1)
    assert len(hasty.heads()) == 2


def test_a_batch_whose_contract_is_torn_waits_as_it_does_in_a_rebuild(hasty: Desk) -> None:
    first = archive_only(hasty, [order(1, region="us")], region="us")
    path, before = damage(hasty, first, "contract torn")
    assert hasty.land([order(1)]).loads == []
    assert states(hasty) == ["refused", "refused"]
    path.write_bytes(before)
    assert len(hasty.extractor.land_waiting("orders").loads) == 2


@pytest.mark.parametrize("number", [0, MANY - 1])
def test_a_line_that_postgres_can_t_store_loses_no_other(hasty: Desk, number: int) -> None:
    records: list[Any] = [order(one) for one in range(MANY)]
    records[number] = b'{"region":"eu","order_id":"huge","amount":1,"digits":1e-20000}'
    (load,) = hasty.land(records).loads
    assert (load.counts.read, load.counts.written, load.counts.quarantined) == (MANY, MANY - 1, 1)
    assert states(hasty) == ["landed"]


def test_what_is_not_in_the_bucket_as_it_was_drafted_does_not_land(
    hasty: Desk, watcher: psycopg.Connection
) -> None:
    def tear(name: str) -> None:
        if name.startswith("data/"):
            path = path_of(hasty, name)
            path.write_bytes(path.read_bytes()[:20])

    watch(hasty, tear)
    (refusal,) = hasty.land([order(1), order(2)]).refusals
    assert "has sha256" in refusal.reason
    assert (landed(watcher), states(hasty)) == (0, ["refused"])


def test_who_finds_the_batch_in_the_bucket_first_lands_it(
    hasty: Desk, new_desk: Callable[..., Desk], watcher: psycopg.Connection
) -> None:
    other = new_desk()
    found: list[Outcome] = []
    thread = threading.Thread(target=lambda: found.append(other.extractor.land_waiting("orders")))

    def meet(name: str) -> None:
        if not name.startswith("archive/"):
            return
        thread.start()
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:  # it has locked the batch, and waits for our locks
            row = watcher.execute(
                "select wait_event_type = 'Lock' from pg_stat_activity where pid = %s",
                [other.connection.info.backend_pid],
            ).fetchone()
            if row and row[0]:
                return
            time.sleep(0.01)
        raise AssertionError("the other landing never waited")

    watch(hasty, meet)
    outcome = hasty.land([order(1), order(2)])
    thread.join(60)
    assert [len(one.loads) for one in (found[0], outcome)] == [1, 0]
    assert (landed(watcher), states(hasty)) == (2 + 2 + 1, ["landed"])


def test_a_session_that_postgres_ends_loses_nothing(hasty: Desk, watcher: psycopg.Connection) -> None:
    def records() -> Iterator[Any]:
        for number in range(MANY):
            yield order(number, note="x" * 1_000)
            if number == MANY // 2:
                watcher.execute("select pg_terminate_backend(%s)", [hasty.connection.info.backend_pid])

    with pytest.raises(psycopg.OperationalError):
        hasty.land(records())
    assert landed(watcher) == 0
    again = replace(hasty, connection=watcher)
    assert [load.counts.written for load in again.extractor.land_waiting("orders").loads] == [MANY]
