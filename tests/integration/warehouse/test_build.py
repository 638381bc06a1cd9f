"""The build: its as-of is exact, its lock is one, and who is no part of it can't write."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from observes_assets import contracts
from observes_assets.archive import Archive, Manifest
from observes_assets.bucket import open_bucket
from observes_assets.errors import PublishRefusedError
from observes_assets.landing import pending, tables
from observes_assets.landing.land import Landing
from observes_assets.postgres.roles import BUILDER
from observes_assets.warehouse import build, publish
from tests.integration.landing.conftest import CONTRACT, Desk, order
from tests.integration.warehouse.conftest import PASSED, House


def waits(house: House, thread: Any) -> bool:
    """Whether somebody in this database waits for a lock; gives it a minute to come so far."""
    query = (
        "select exists (select from pg_stat_activity "
        "where datname = current_database() and wait_event_type = 'Lock')"
    )
    with house.connect() as watcher:
        for _ in range(6_000):
            row = watcher.execute(query).fetchone()
            if thread.done() or (row and row[0]):
                return not thread.done()
            time.sleep(0.01)
    return False


def new_desk(house: House, source: str, bucket: Path) -> Desk:
    contract = contracts.parse(source, CONTRACT.replace("shop", source).encode())
    tables.create(house.connection, contract.streams["orders"])
    return Desk(house.connect(), Archive(open_bucket(str(bucket)), code_version="test"), contract)


# --- The as-of ---------------------------------------------------------------------------------------------


def test_an_as_of_is_fixed_only_when_no_landing_is_in_flight(house: House, tmp_path: Path) -> None:
    """Load 1 is open while load 2 commits: a build that took 2 would see more of it on a second look."""
    slow, quick = (new_desk(house, source, tmp_path / "bucket") for source in ("slow", "quick"))
    with ExitStack() as open_landing, ThreadPoolExecutor(1) as pool:
        open_landing.enter_context(slow.connection.transaction())
        first = _landing(slow, tmp_path).run(run_id="t", code_version="t", started_at=datetime.now(UTC))
        second = quick.land([order(1)]).loads[0]
        assert (first.load_id, second.load_id) == (1, 2)

        fixed = pool.submit(_as_of, house)
        assert waits(house, fixed)
        # While the build waits, a landing that begins now waits too, and is not part of it.
        third = threading.Thread(target=quick.land, args=([order(1), order(2)],))
        third.start()
        open_landing.close()
        assert fixed.result() == 2
        third.join()
    assert house.one("select as_of_batches from landing.build") == {
        "slow/orders": {"last": 1, "without": []},
        "quick/orders": {"last": 1, "without": []},
    }
    assert house.one("select count(*) from raw_slow.orders where load_id <= 2") == 1
    assert _as_of(house) == 3


def _as_of(house: House) -> int:
    with house.installation.connect("build") as connection:
        return build._fix_as_of(connection, house.identity())


def _landing(desk: Desk, folder: Path) -> Landing:
    with desk.archive.draft() as draft:
        draft.add(order(1))
        manifest: Manifest = desk.archive.write(
            draft, contract=desk.contract, stream="orders", scope={"region": "eu"}, kind="complete",
            previous=None, last_number=0, extracted_from=datetime.now(UTC),
        )  # fmt: skip
    pending.sync(desk.connection, desk.archive, desk.contract.source, "orders")
    desk.archive.download(manifest, folder / "batch")
    return Landing(desk.connection, manifest, desk.contract.streams["orders"], folder / "batch", True)


# --- The fence ---------------------------------------------------------------------------------------------


def test_only_the_dbt_that_the_build_started_may_write(house: House) -> None:
    with house.building(house.connection) as building:
        with house.dbt("another token") as stranger, pytest.raises(psycopg.errors.RaiseException):
            stranger.execute("select landing.join_build('by hand')")
        with house.dbt(building.token) as ours, house.dbt(building.token) as second:
            ours.execute("select landing.join_build('ours')")
            ours.execute("select landing.hold_build('ours')")
            with pytest.raises(psycopg.errors.RaiseException, match="no build of Observes waits"):
                second.execute("select landing.join_build('second')")
            with pytest.raises(psycopg.errors.RaiseException, match="not the current build"):
                second.execute("select landing.hold_build('second')")


def test_an_orphan_is_waited_for_and_then_fenced_off(house: House) -> None:
    """The run was killed, its dbt lives on in the middle of a model, and the next run builds."""
    killed = house.installation.connect("killed")
    doomed = house.building(killed)
    token = doomed.__enter__().token
    with house.dbt(token) as orphan, ThreadPoolExecutor(1) as pool:
        orphan.execute("select landing.join_build('orphan')")
        with orphan.transaction():
            orphan.execute("select landing.hold_build('orphan')")
            orphan.execute("create table candidate.alpha as select 666 as number")
            killed.close()  # as the kernel does it for a killed process; the lock of builds is gone
            following = pool.submit(house.build, 2)
            assert waits(house, following)
            orphan.execute("insert into candidate.alpha values (667)")
        following.result()
        for statement in ("create table candidate.gamma ()", "drop table candidate.alpha"):
            with pytest.raises(psycopg.errors.RaiseException, match="not the current build"):
                orphan.execute(f"select landing.hold_build('orphan'); {statement}")
    assert publish.publish_candidate(house.connection, house.installation.bucket).number == 1
    assert house.one("select array_agg(number) from warehouse.alpha") == [2]


def test_a_build_that_waits_for_an_orphan_holds_up_no_landing(house: House, tmp_path: Path) -> None:
    desk = new_desk(house, "shop", tmp_path / "bucket")
    killed = house.installation.connect("killed")
    doomed = house.building(killed)
    token = doomed.__enter__().token
    with house.dbt(token) as orphan, ThreadPoolExecutor(1) as pool:
        orphan.execute("select landing.join_build('orphan')")
        with orphan.transaction():
            orphan.execute("select landing.hold_build('orphan')")
            killed.close()
            following = pool.submit(house.build, 2)
            assert waits(house, following)
            desk.connection.execute("set lock_timeout = '30s'")
            assert desk.land([order(1)]).loads
        following.result()


def test_one_build_at_a_time(house: House) -> None:
    first = house.installation.connect("first")
    holding = house.building(first)
    holding.__enter__()
    with ThreadPoolExecutor(1) as pool:
        second = pool.submit(house.build, 2)
        assert waits(house, second)
        first.close()
        second.result()
    assert house.one("select state from landing.build") == "built"


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_build_that_breaks_off_is_no_candidate(house: House, error: type[BaseException]) -> None:
    house.release(1)
    with pytest.raises(error), house.building(house.connection):
        raise error
    with pytest.raises(PublishRefusedError, match="it was interrupted"):
        publish.publish_candidate(house.connection, house.installation.bucket)
    assert house.one("select number from warehouse.alpha") == 1


# --- Whether a build is due --------------------------------------------------------------------------------


def test_a_build_is_due_when_something_was_written_or_its_inputs_changed(
    house: House, tmp_path: Path
) -> None:
    assert build.is_due(house.connection, house.identity())
    house.release(1)
    assert not build.is_due(house.connection, house.identity())
    desk = new_desk(house, "shop", tmp_path / "bucket")
    desk.land([order(1)])
    assert build.is_due(house.connection, house.identity())
    house.release(2)
    desk.land([order(1)])  # unchanged: a row in the ledger, and nothing to show
    assert not build.is_due(house.connection, house.identity())
    assert build.is_due(house.connection, replace(house.identity(), code_version="other"))
    assert build.is_due(house.connection, replace(house.identity(), key_fingerprint="other"))
    assert build.is_due(house.connection, replace(house.identity(), contracts={"shop": "other"}))


def test_a_failed_build_stays_due(house: House) -> None:
    house.build(1, results=(replace(PASSED, status="fail"),))
    assert build.is_due(house.connection, house.identity())


def test_the_build_runs_as_the_builder(house: House) -> None:
    with house.building(house.connection) as building, house.dbt(building.token) as dbt:
        row = dbt.execute("select current_user, has_schema_privilege('candidate', 'create')").fetchone()
    assert row == (BUILDER, True)
