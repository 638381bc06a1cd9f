"""A person is forgotten everywhere, and stays forgotten, and everything else stays as it was."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import boto3
import msgspec
import pytest

from observes_assets.archive import Manifest
from observes_assets.erasure import carrying_out
from observes_assets.erasure.people import ERASED, pseudonym
from observes_assets.extraction import Extractor, Reading
from observes_assets.landing.rebuild import forget
from observes_assets.postgres.locks import ERASURE, lock_id
from observes_assets.postgres.roles import ERASER, acting
from observes_assets.sources.git.identities import canonical
from observes_assets.warehouse import build
from tests.integration.erasure.conftest import (
    ADA,
    ADA_AT_HOME,
    BOB,
    COMMITS,
    PORTFOLIO,
    SCOPE,
    Place,
    commit,
    fill,
)

KEY = b"a key for tests, 32 characters or more"
ADA_ID, HOME_ID = pseudonym(KEY, ADA), pseudonym(KEY, ADA_AT_HOME)
HERS = (ADA, ADA_AT_HOME, "Lovelace", '"ada"', "Ada L.", "Countess")


def erase(place: Place, *identifiers: str) -> carrying_out.Report:
    with acting(place.connection, ERASER):
        people = carrying_out.identify(place.installation, place.connection, identifiers)
        return carrying_out.erase(place.installation, place.connection, people, why="asked for")


@pytest.fixture(params=["folder", "s3"])
def full_place(request: pytest.FixtureRequest, new_place: Callable[[str], Place], tmp_path: Path) -> Place:
    url = request.getfixturevalue("s3_url") if request.param == "s3" else str(tmp_path / "bucket")
    return fill(new_place(url))


def test_a_person_is_gone_from_every_place_and_joins_as_before(full_place: Place) -> None:
    place = full_place
    before = place.rows("landing")["landing.git__commits"]
    kept = {table: len(rows) for table, rows in place.rows().items()}
    objects = place.objects()
    assert len(place.naming(*HERS)) > 8

    report = erase(place, ADA)

    assert place.naming(*HERS) == []
    assert report.identifier_count == 2, "the mailmap says that both addresses are hers"
    assert report.total["records"] == 1 + 3 + 3
    assert place.one("select landing.person_id(%s)", [f" {ADA.upper()}\n"]) == ADA_ID
    authors = "select landing.person_id(record ->> 'author_email') from raw_git.commits"
    assert {row[0] for row in place.connection.execute(authors)} == {ADA_ID, HOME_ID, pseudonym(KEY, BOB)}
    shown = place.one("select author_email, author_name from release_1.authors where author_name <> 'Bob'")
    assert shown == (ERASED + ADA_ID, ERASED + ADA_ID)
    # git itself goes on taking both addresses for one person.
    mailmap = place.one("select record ->> 'mailmap' from raw_portfolio.portfolio")
    author = place.one(
        "select record ->> 'author_name' from raw_git.commits where record ->> 'sha' = %s", [f"{3:040x}"]
    )
    assert author == ERASED + HOME_ID
    assert list(canonical(mailmap, [(author, author)])) == [
        (author, author, ERASED + ADA_ID, ERASED + ADA_ID)
    ]
    # Nothing came and nothing went, but git's answers about her, and what says that she was erased.
    rows = {table: len(rows) for table, rows in place.rows().items()}
    told = dict.fromkeys(("landing.erasures", "landing.observes__erasures", "raw_observes.erasures"), 1)
    told |= {table: kept[table] + 1 for table in ("landing.loads", "landing.batches")}
    assert rows == kept | told | {"landing.identities": 1}
    assert len(place.rows("landing")["landing.git__commits"]) == len(before)
    # Bob is where he was.
    assert place.one("select count(*) from raw_git.commits where record ->> 'author_email' = %s", [BOB]) == 2
    assert place.one(
        "select record ->> 'message' from raw_git.commits where record ->> 'sha' = %s", [f"{4:040x}"]
    )

    # Old data are gone, manifests stand, and each has a successor that names both.
    after = place.objects()
    gone = objects.keys() - after.keys()
    assert gone
    assert all(name.startswith("data/") for name in gone)
    assert all(after[name] == data for name, data in objects.items() if name not in gone)
    successors = [
        msgspec.json.decode(after[name], type=Manifest) for name in after if ".r0000000001.json" in name
    ]
    assert {f"data/{one.source}/{one.stream}/{one.replaces_sha256}.ndjson.zst" for one in successors} == gone
    assert all(one.data in after and one.erasure == 1 for one in successors)


def test_neither_a_vendor_nor_a_rebuild_brings_a_person_back(place: Place) -> None:
    erase(place, ADA)
    heads = place.rows("raw_git")
    # The vendor sends the same again, and more: nothing new but what is new.
    assert place.commits(COMMITS).written == 0
    assert place.land("portfolio", "portfolio", [PORTFOLIO], {}).written == 0
    place.commits([*COMMITS, commit(5, "ADA", ADA.upper(), message=f"Co-authored-by: A <{ADA}>")])
    assert place.naming(*HERS) == []
    assert place.rows("raw_git")["raw_git.commits"] != heads["raw_git.commits"]

    landed = place.one("select array_agg(record_hash order by record_key) from landing.git__commits")
    forget(place.connection, place.installation.contracts)
    place.commits([*COMMITS, commit(5, "ADA", ADA.upper(), message=f"Co-authored-by: A <{ADA}>")])
    assert place.one("select array_agg(record_hash order by record_key) from landing.git__commits") == landed
    assert place.naming(*HERS) == []


def test_a_bucket_s_backup_brings_nobody_back(
    place: Place, new_place: Callable[..., Place], embedded_server: object
) -> None:
    """Objects from before the erasure, with the erasure written down: the landing itself leaves her out."""
    bucket = place.installation.bucket
    old = {name: bucket.get(name) for name in bucket.names("")}
    erase(place, ADA)
    raw = place.rows("raw_git", "raw_portfolio")
    for name in list(bucket.names("")):
        if name not in old and not name.endswith("erasures/0000000001.json"):
            bucket.delete(name)
    for name, data in old.items():
        bucket.put(name, data)
    place.connection.execute("update landing.erasures set is_finished = false")
    forget(place.connection, place.installation.contracts)
    place.installation.archive.register.read()
    place.land("portfolio", "portfolio", [PORTFOLIO], {})
    place.commits(COMMITS)
    again = place.rows("raw_git", "raw_portfolio", "landing")
    assert not [rows for rows in again.values() if any(ADA.lower() in row.lower() for row in rows)]
    assert len(again["raw_git.commits"]) == len(raw["raw_git.commits"])
    carrying_out.resume(place.installation, place.connection)
    assert place.naming(*HERS) == []


@pytest.mark.parametrize(
    ("given", "has_hint"),
    [
        (["ada@elsewhere.example"], True),
        (["ada@elsewhere.example", "ada-on-github"], False),
        (["4711+ada@users.noreply.github.com", "ada-on-github"], True),
        (["4711+ada@users.noreply.github.com", "ada-on-github", "4711"], False),
    ],
)
def test_who_is_on_github_is_to_be_named_by_login_and_number_too(
    place: Place, given: list[str], *, has_hint: bool
) -> None:
    people = carrying_out.identify(place.installation, place.connection, given)
    report = carrying_out.look(place.installation, place.connection, people)
    assert any("GitHub" in note for note in report.notes) == has_hint


def test_a_dry_run_counts_and_writes_nothing(place: Place) -> None:
    people = carrying_out.identify(place.installation, place.connection, [ADA])
    before = place.objects(), place.rows()
    with acting(place.connection, ERASER):
        report = carrying_out.look(place.installation, place.connection, people)
    assert (place.objects(), place.rows()) == before
    done = erase(place, ADA)
    assert report.is_dry
    assert report.total | {"rows": 0, "deleted_objects": 0} == done.total | {"rows": 0, "deleted_objects": 0}
    assert report.landing_rows == done.landing_rows
    assert report.releases["1"]["rows"] == done.releases["1"]["rows"] == {"authors": 1, "notes": 1}


def test_killed_at_any_moment_it_ends_the_same(new_place: Callable[..., Place], tmp_path: Path) -> None:
    """Every write to the bucket is one moment to die in; what lies between two is one transaction."""
    place = fill(new_place(str(tmp_path / "bucket")))
    steps, kills = 1, 0
    people = carrying_out.identify(place.installation, place.connection, [ADA])
    while True:
        dying = DyingBucket(place.installation.bucket, steps)
        place.installation.bucket = place.installation.archive.bucket = dying  # type: ignore[assignment]
        place.installation.archive.register._bucket = dying  # type: ignore[assignment]
        try:
            with acting(place.connection, ERASER):
                if kills == 0 or not list(dying.whole.names("erasures/")):
                    carrying_out.erase(place.installation, place.connection, people, why="asked for")
                else:
                    carrying_out.resume(place.installation, place.connection)
            break
        except DyingBucket.Killed:
            kills += 1
            steps += 1 if kills % 2 else 0
        finally:
            place.installation.bucket = place.installation.archive.bucket = dying.whole  # type: ignore[assignment]
            place.installation.archive.register._bucket = dying.whole
            place.connection.close()
            place.connection = place.installation.connect("test, again")
    assert kills >= 5
    assert place.naming(*HERS) == []
    assert carrying_out.resume(place.installation, place.connection) is None
    assert place.commits(COMMITS).written == 0
    assert place.one("select is_finished from landing.erasures")


def test_an_erasure_waits_for_the_extraction_that_is_under_way(place: Place) -> None:
    contract = place.installation.contracts["git"]
    with place.installation.connect("extraction") as connection:
        extractor = Extractor(connection, place.installation.archive, contract, "test")
        with extractor.scope("commits", SCOPE) as start, ThreadPoolExecutor() as pool:
            erasing = pool.submit(erase, place, ADA)
            time.sleep(1)
            assert not erasing.done()
            assert not list(place.installation.bucket.names("erasures/"))
            records = [*COMMITS, commit(6, "Ada Lovelace", ADA)]
            extractor.extract("commits", SCOPE, start, Reading("complete", records))
            extractor_is_done = connection.execute(
                "select pg_advisory_unlock_shared(%s)", [lock_id(ERASURE)]
            ).fetchone()
            assert extractor_is_done == (True,)
            assert erasing.result(120).total["records"] == 1 + 3 + 3 + 4
            connection.execute("select pg_advisory_lock_shared(%s)", [lock_id(ERASURE)])
    assert place.naming(*HERS) == []


class DyingBucket:
    """A bucket whose process dies at the n-th write, before it or after it by turns."""

    class Killed(BaseException):
        """As a kill is: nobody catches it."""

    def __init__(self, whole: object, steps: int) -> None:
        self.whole: object = whole
        self.steps = steps

    def __getattr__(self, name: str) -> object:
        found = getattr(self.whole, name)
        if name not in {"put_new", "put", "delete"}:
            return found

        def dying(*arguments: object) -> object:
            self.steps -= 1
            if self.steps == 0:
                raise self.Killed
            return found(*arguments)

        return dying


def test_a_second_person_is_erased_like_the_first(place: Place) -> None:
    erase(place, ADA)
    report = erase(place, BOB)
    assert report.number == 2
    assert place.naming(*HERS, BOB) == []
    assert (
        place.one("select count(distinct landing.person_id(record ->> 'author_email')) from raw_git.commits")
        == 3
    )
    assert place.commits(COMMITS).written == 0
    names = list(place.installation.bucket.names("erasures/"))
    assert [name.removeprefix("erasures/") for name in names] == [
        "0000000001.done.json",
        "0000000001.json",
        "0000000002.done.json",
        "0000000002.json",
    ]


def test_a_release_made_before_is_another_release(place: Place) -> None:
    before = build.identity(place.connection, place.installation.contracts)
    erase(place, ADA)
    after = build.identity(place.connection, place.installation.contracts)
    assert (before.erasure, after.erasure) == (0, 1)
    assert before.sha256 != after.sha256
    record = place.one("select record from landing.releases")
    assert record["rewritten"]["sha256_before"] == {"authors": "before", "notes": "before"}
    assert record["marts"]["authors"] == build.measure(place.connection, "authors", "release_1")


def test_a_versioned_bucket_is_told_of(s3_url: str, new_place: Callable[[str], Place]) -> None:
    place = fill(new_place(s3_url))
    name = s3_url.split("/")[2]
    boto3.session.Session().client("s3").put_bucket_versioning(
        Bucket=name, VersioningConfiguration={"Status": "Enabled"}
    )
    place.installation.bucket.put("bills/2026/01/desk.csv", f"author\n{ADA.lower()}\n".encode())
    notes = " ".join(erase(place, ADA).notes)
    assert "versions of deleted objects" in notes
    assert "2026/01" in notes


def test_the_database_makes_the_same_pseudonyms(place: Place) -> None:
    letters = "".join(chr(number) for number in range(1, 0x2_FFFF) if not 0xD800 <= number <= 0xDFFF)
    words = [letters[first : first + 50] for first in range(0, len(letters), 50)]
    found = place.connection.execute(
        "select w, landing.person_id(w) from unnest(%s::text[]) as w", [[*words, " Ada@X.example\r\n", ""]]
    ).fetchall()
    assert all(one == pseudonym(KEY, word) for word, one in found)
    assert place.one("select landing.person_id(%s)", [ERASED + ADA_ID]) == ADA_ID
