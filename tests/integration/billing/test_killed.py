"""``write_bills`` killed between any two changes of the bucket, and run again."""

import hashlib
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread

import pytest

from observes_assets.billing import BillsOutcome, write_bills
from observes_assets.bucket import Bucket, open_bucket
from observes_assets.postgres.connect import connect
from tests.integration.billing.conftest import Office

MID_MAY = datetime(2024, 5, 20, 12, tzinfo=UTC)
CLOSING = datetime(2024, 6, 5, tzinfo=UTC)


class KilledError(BaseException):
    """Stands for a kill: nothing of ours catches it."""


class MortalBucket:
    """A bucket whose user dies before its n-th change."""

    def __init__(self, bucket: Bucket, changes: int) -> None:
        self.url = bucket.url
        self._bucket = bucket
        self._left = changes

    def put_new(self, name: str, data: bytes | Path) -> bool:
        self._live()
        return self._bucket.put_new(name, data)

    def put(self, name: str, data: bytes | Path) -> None:
        self._live()
        self._bucket.put(name, data)

    def delete(self, name: str) -> None:
        self._live()
        self._bucket.delete(name)

    def get(self, name: str) -> bytes:
        return self._bucket.get(name)

    def download(self, name: str, path: Path) -> None:
        self._bucket.download(name, path)

    def exists(self, name: str) -> bool:
        return self._bucket.exists(name)

    def names(self, prefix: str, after: str = "") -> Iterator[str]:
        return self._bucket.names(prefix, after)

    def _live(self) -> None:
        if self._left == 0:
            raise KilledError
        self._left -= 1


def require_whole(bucket: Bucket) -> None:
    """Every summary names revisions that are complete, byte for byte."""
    for name in bucket.names("bills/"):
        if name.endswith("/summary.json"):
            folder, document = name.removesuffix("summary.json"), json.loads(bucket.get(name))
            for revision in document["revisions"]:
                path = f"{folder}{revision['directory']}/"
                bill = bucket.get(f"{path}bill.json")
                assert hashlib.sha256(bill).hexdigest()[:16] == revision["directory"].partition("-")[2]
                for file, digest in json.loads(bill)["files"].items():
                    assert hashlib.sha256(bucket.get(path + file)).hexdigest() == digest


def write(office: Office, bucket: Bucket, now: datetime) -> BillsOutcome:
    return write_bills(office.connection, bucket, now=now, code_version="c1")


def contents(bucket: Bucket) -> dict[str, bytes]:
    return {name: bucket.get(name) for name in bucket.names("bills/")}


def first_time(office: Office) -> datetime:
    return CLOSING  # May and June at once


def an_author_more_and_a_group_less(office: Office) -> datetime:
    office.author("storefront", "bo@acme.test")
    office.set("group_terms", "valid_until = %s", MID_MAY, "group_name = 'backend'")
    return MID_MAY


def a_closing(office: Office) -> datetime:
    for repository_id in ("r1", "r2", "r3"):
        office.observe(CLOSING, repository_id)
    return CLOSING


def a_correction(office: Office) -> datetime:
    now = a_closing(office)
    write(office, office.bucket, now)
    office.author("storefront", "bo@acme.test")
    return now


@pytest.mark.parametrize("change", [first_time, an_author_more_and_a_group_less, a_closing, a_correction])
def test_killed_anywhere_it_ends_like_an_undisturbed_run(
    office: Office, tmp_path: Path, change: Callable[[Office], datetime]
) -> None:
    office.author("storefront")
    office.author("mobile", "zoe@zeta.test", organization="zeta")
    if change is not first_time:
        write(office, office.bucket, MID_MAY)
    now = change(office)
    start = contents(office.bucket)

    def copy(name: str) -> Bucket:
        bucket = open_bucket(str(tmp_path / name))
        for path, data in start.items():
            bucket.put(path, data)
        return bucket

    calm = copy("calm")
    write(office, calm, now)
    expected = contents(calm)
    deaths = 0
    while True:
        bucket = copy(f"killed-{deaths}")
        try:
            write(office, MortalBucket(bucket, deaths), now)
        except KilledError:
            deaths += 1
        else:
            break
        require_whole(bucket)
        write(office, bucket, now)
        require_whole(bucket)
        assert contents(bucket) == expected
        assert not write(office, bucket, now).changed
    assert deaths >= 3


def test_a_change_that_is_taken_back_after_a_kill_leaves_no_trace(office: Office) -> None:
    office.author("storefront")
    write(office, office.bucket, MID_MAY)
    before = contents(office.bucket)
    office.author("storefront", "bo@acme.test")
    for changes in range(1, 8):
        office.bucket.exists("bills/x")
        with pytest.raises(KilledError):
            write(office, MortalBucket(office.bucket, changes), MID_MAY)
        office.remove("billable_authors", "author_email = 'bo@acme.test'")
        assert write(office, office.bucket, MID_MAY).changed
        assert contents(office.bucket) == before
        office.author("storefront", "bo@acme.test")


def test_two_at_once_write_like_one(office: Office, database_url: str) -> None:
    office.author("storefront")
    outcomes: list[BillsOutcome] = []

    def run() -> None:
        with connect(database_url, application_name="other", autocommit=True) as connection:
            outcomes.append(write_bills(connection, office.bucket, now=MID_MAY, code_version="c1"))

    threads = [Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(len(outcome.changed) for outcome in outcomes) == [0, 0, 1]
    require_whole(office.bucket)
    assert not write(office, office.bucket, MID_MAY + timedelta(hours=1)).changed
