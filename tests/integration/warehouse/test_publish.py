"""Publishing: one transaction that waits for no reader, refused unless all is well, and the way back."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import msgspec
import psycopg
import pytest
from psycopg import IsolationLevel

from observes_assets.bucket import Bucket
from observes_assets.errors import ObservesError, PublishRefusedError
from observes_assets.installation import SOURCES, Installation
from observes_assets.postgres.connect import ensure_database
from observes_assets.postgres.roles import READER
from observes_assets.postgres.server import EmbeddedServer
from observes_assets.warehouse import build, publish, retention
from tests.integration.warehouse.conftest import MARTS, PASSED, House

FAILED = replace(PASSED, name="sums_tie_out", status="fail", failures=3)


def releases_in_bucket(bucket: Bucket) -> list[Any]:
    return [msgspec.json.decode(bucket.get(name)) for name in bucket.names("releases/")]


@contextmanager
def quickly() -> Iterator[None]:
    """Milliseconds, or a second a lock that is given up on; whoever waits for a reader waits for ever."""
    begin = time.monotonic()
    yield
    assert time.monotonic() - begin < 60


def test_a_release_is_shown_recorded_and_traceable(house: House) -> None:
    release = house.release(7)
    assert release.number == 1
    assert house.one("select number from warehouse.alpha") == 7
    assert house.one("select release_number from warehouse.release") == 1
    (record,) = releases_in_bucket(house.installation.bucket)
    assert record == house.one("select record from landing.releases where is_on_show")
    assert record["as_of_batches"] == {}
    assert record["identity"]["contracts"].keys() == set(SOURCES)
    assert record["marts"]["alpha"]["rows"] == 1
    assert record["marts"]["alpha"] == record["marts"]["beta"]
    assert house.release(7).record["marts"] == record["marts"]  # the same content, byte for byte
    assert house.release(8).record["marts"]["alpha"]["sha256"] != record["marts"]["alpha"]["sha256"]


# --- Readers -----------------------------------------------------------------------------------------------


def test_publishing_waits_for_no_reader(house: House) -> None:
    house.release(1)
    readers = [house.connect(autocommit=False, role=READER) for _ in range(2)]
    for reader in readers:
        reader.execute("select * from warehouse.alpha").fetchall()  # and goes to lunch, in a transaction
        reader.execute("select * from release_1.beta").fetchall()
    for number in (2, 3):
        house.build(number)
        with quickly():
            publish.publish_candidate(house.connection, house.installation.bucket)
    with house.connect(role=READER) as fresh, quickly():
        assert fresh.execute("select number from warehouse.alpha").fetchall() == [(3,)]
    with quickly():
        publish.roll_back(house.connection, 2, who="test", why="test")
    for reader in readers:
        assert reader.execute("select number from warehouse.beta").fetchall() == [(2,)]
        reader.close()


def test_a_repeatable_reader_keeps_one_release_by_its_number(house: House) -> None:
    house.release(1)
    with house.connect(autocommit=False, role=READER) as reader:
        reader.isolation_level = IsolationLevel.REPEATABLE_READ
        shown = reader.execute("select release_number from warehouse.release").fetchone()
        assert shown == (1,)
        reader.execute(f"set local search_path to release_{shown[0]}")
        house.release(2)
        house.release(3)
        rows = reader.execute("select a.number, b.number from alpha as a cross join beta as b").fetchall()
        assert rows == [(1, 1)]


# --- Refusals ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("results", "said"),
    [
        ((PASSED, FAILED), "failed: sums_tie_out"),
        ((replace(PASSED, status="skipped"),), "failed: alpha_is_unique"),
        ((replace(PASSED, status="error"),), "failed: alpha_is_unique"),
    ],
)
def test_a_failed_check_leaves_the_last_good_release_up(
    house: House, results: tuple[Any, ...], said: str
) -> None:
    house.release(1)
    house.build(2, results=results)
    with pytest.raises(PublishRefusedError, match=said):
        publish.publish_candidate(house.connection, house.installation.bucket)
    assert house.one("select number from warehouse.alpha") == 1
    assert house.one("select count(*) from landing.releases") == 1


def test_a_warning_publishes(house: House) -> None:
    house.release(1, results=(PASSED, replace(FAILED, is_blocking=False)))
    assert house.one("select status from landing.check_results where check_name = 'sums_tie_out'") == "fail"


def test_a_candidate_that_is_not_what_was_checked_is_refused(house: House) -> None:
    bucket = house.installation.bucket
    with pytest.raises(PublishRefusedError, match="none was built"):
        publish.publish_candidate(house.connection, bucket)
    house.build(1)
    house.connection.execute("drop table candidate.beta")
    with pytest.raises(PublishRefusedError, match="lacks beta"):
        publish.publish_candidate(house.connection, bucket)
    house.build(1)
    house.connection.execute("update landing.check_results set status = 'fail' where is_blocking")
    with pytest.raises(PublishRefusedError, match="alpha_is_unique"):
        publish.publish_candidate(house.connection, bucket)
    assert house.one("select count(*) from pg_namespace where nspname ~ '^(release|warehouse)'") == 0


def test_a_candidate_is_published_once(house: House) -> None:
    house.release(1)
    with pytest.raises(PublishRefusedError, match="published already"):
        publish.publish_candidate(house.connection, house.installation.bucket)


def test_a_build_whose_mart_is_missing_measures_nothing(house: House) -> None:
    with (
        pytest.raises(psycopg.errors.UndefinedTable),
        house.building(house.connection) as building,
    ):
        build.finish(house.connection, building, [PASSED])
    assert house.one("select state from landing.build") == "failed"


# --- Killed between Postgres and bucket --------------------------------------------------------------------


class DeadBucket:
    """A bucket that can be read and not written."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket
        self.url = bucket.url

    def put_new(self, name: str, data: bytes) -> bool:
        raise ObservesError("The folder can't be used: No space left on device.")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._bucket, name)


def test_a_release_that_was_not_recorded_is_recorded_by_the_next(house: House) -> None:
    house.build(1)
    bucket = house.installation.bucket
    with pytest.raises(ObservesError, match="No space left"):
        publish.publish_candidate(house.connection, DeadBucket(bucket))  # type: ignore[arg-type]
    assert house.one("select number from warehouse.alpha") == 1
    assert releases_in_bucket(bucket) == []
    with pytest.raises(PublishRefusedError, match="published already"):
        publish.publish_candidate(house.connection, bucket)
    assert [one["release_number"] for one in releases_in_bucket(bucket)] == [1]
    house.release(2)
    assert [one["release_number"] for one in releases_in_bucket(bucket)] == [1, 2]


def test_a_new_database_goes_on_counting_where_the_bucket_stopped(
    house: House, new_installation: Callable[..., Installation], embedded_server: EmbeddedServer
) -> None:
    """Bills name releases: a number is never used twice."""
    house.release(1)
    house.release(2)
    url = ensure_database(embedded_server.start(), f"{house.connection.info.dbname}_new")
    try:
        installation = new_installation(url)
        with installation.connect("test") as connection:
            assert House(installation, connection).release(1).number == 3
    finally:
        house.connection.execute(f"drop database {house.connection.info.dbname}_new with (force)")


# --- The way back ------------------------------------------------------------------------------------------


def test_a_rollback_holds_until_a_person_resumes(house: House) -> None:
    bucket = house.installation.bucket
    for number in (1, 2, 3):
        house.release(number)
    publish.roll_back(house.connection, 2, who="ann", why="authors of March are wrong")
    assert house.one("select number from warehouse.alpha") == 2
    house.build(4)
    with pytest.raises(PublishRefusedError, match="on hold by ann: authors of March are wrong"):
        publish.publish_candidate(house.connection, bucket)
    assert house.one("select number from warehouse.alpha") == 2
    assert publish.resume(house.connection) == 3
    assert house.one("select count(*) from landing.hold") == 0
    assert publish.publish_candidate(house.connection, bucket).number == 4
    assert house.one("select number from warehouse.alpha") == 4
    assert house.one("select array_agg(release_number) from landing.releases where is_on_show") == [4]


def test_going_back_to_what_is_not_there_changes_nothing(house: House) -> None:
    house.release(1)
    for number in (0, 9):
        with pytest.raises(PublishRefusedError, match=f"no release {number}"):
            publish.roll_back(house.connection, number, who="ann", why="why")
    assert house.one("select number from warehouse.alpha") == 1
    assert house.one("select count(*) from landing.hold") == 0


# --- Retention ---------------------------------------------------------------------------------------------


def kept(house: House) -> list[int]:
    return sorted(
        int(row[0].removeprefix("release_"))
        for row in house.connection.execute("select nspname from pg_namespace where nspname like 'release_%'")
    )


def test_old_releases_go_and_what_people_hold_stays(house: House) -> None:
    for number in range(1, 7):
        house.release(number)
    retention.pin(house.connection, 1)
    house.connection.execute("create schema analysts")
    house.connection.execute("create view analysts.mine as select * from release_2.alpha")
    reader = house.connect(autocommit=False, role=READER)
    reader.execute("select * from release_3.alpha").fetchall()
    with quickly():
        assert retention.drop_old_releases(house.connection) == ([], [2, 3])
    assert house.one("select number from analysts.mine") == 2
    assert house.one("select count(*) from pg_tables where schemaname = 'release_2'") == len(MARTS)

    reader.rollback()  # else its session may hold the table a little longer than it lives
    reader.close()
    house.connection.execute("drop view analysts.mine")
    assert retention.drop_old_releases(house.connection) == ([2, 3], [])
    assert kept(house) == [1, 4, 5, 6]
    with pytest.raises(PublishRefusedError, match="elease 2"):
        publish.roll_back(house.connection, 2, who="ann", why="why")
    assert publish.resume(house.connection, 1) == 1


def test_what_is_on_show_and_what_came_before_it_stay(house: House) -> None:
    for number in range(1, 7):
        house.release(number)
    publish.roll_back(house.connection, 4, who="ann", why="why")
    assert retention.drop_old_releases(house.connection) == ([1], [])
    assert kept(house) == [2, 3, 4, 5, 6]


def test_retired_views_go_when_nobody_needs_them(house: House) -> None:
    house.release(1)
    house.connection.execute("create schema analysts")
    house.connection.execute("create view analysts.mine as select * from warehouse.alpha")
    house.release(2)
    house.release(3)
    retired = "select count(*) from pg_namespace where nspname like 'warehouse_retired_%'"
    retention.drop_old_releases(house.connection)
    assert house.one(retired) == 1  # a view of somebody's needs it
    assert house.one("select number from analysts.mine") == 1
    house.connection.execute("drop schema analysts cascade")
    retention.drop_old_releases(house.connection)
    assert house.one(retired) == 0
