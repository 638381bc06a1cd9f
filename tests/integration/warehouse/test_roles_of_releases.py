"""Publishing and erasing, each with the least they need; and how what is built changes hands."""

from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from observes_assets.erasure import carrying_out
from observes_assets.installation import Installation
from observes_assets.postgres import roles
from observes_assets.postgres.roles import BUILDER, ERASER, LOADER, PUBLISHER, acting
from observes_assets.warehouse import build, publish, retention
from tests.integration.warehouse.conftest import MARTS, PASSED, House
from tests.integration.warehouse.rights import TAKES_CANDIDATE, callable_by, may, readable, writable

PASSWORD = "for a test only"


def test_a_candidate_is_the_builder_s_only_while_it_is_made(house: House) -> None:
    with house.connect(role=PUBLISHER) as publisher, house.building(publisher) as building:
        with house.dbt(building.token) as dbt:
            dbt.execute("select landing.join_build('one')")
            dbt.execute("create table candidate.alpha as select 1 as number")
            dbt.execute("create table candidate.beta as select 1 as number")
            assert may(dbt, "delete from candidate.alpha")
            assert not may(dbt, TAKES_CANDIDATE)
        assert not may(publisher, "select * from candidate.alpha")
        build.finish(publisher, building, [PASSED])
        with house.connect(role=BUILDER) as builder:
            for statement in ("select * from", "delete from", "drop table"):
                assert not may(builder, f"{statement} candidate.alpha")
        publish.publish_candidate(publisher, house.installation.bucket)


def test_the_publisher_owns_what_is_published_and_sees_nothing_that_landed(full_house: House) -> None:
    shown = {"candidate", "release_1", "release_2", "warehouse"}
    with full_house.connect(role=PUBLISHER) as publisher:
        seen = readable(publisher, full_house)
        assert {name for schema, name in seen if schema == "landing"} == {
            *("loads", "batches", "attempts", "erasures", "build", "check_results", "releases", "hold")
        }
        retired = {schema for schema, _ in seen if schema.startswith("warehouse_retired_")}
        assert {schema for schema, _ in seen} == {*shown, *retired, "landing"}
        written = writable(publisher, full_house)
        assert {name for schema, name in written if schema == "landing"} == {
            *("build", "check_results", "releases", "hold")
        }
        assert {schema for schema, _ in written} == {*shown, *retired, "landing"}
        assert may(publisher, "select fingerprint from landing.pseudonym_key")
        assert not may(publisher, "create temporary table mine ()")
        assert callable_by(publisher, full_house) == {TAKES_CANDIDATE}
        for schema in ("landing", "raw_git", "staging", "public"):
            assert not may(publisher, f"create table {schema}.mine ()")
            assert not may(publisher, f"drop schema {schema} cascade")


def test_the_eraser_has_what_loader_and_publisher_have_and_writes_down_who_is_erased(
    full_house: House,
) -> None:
    ours = {("landing", "erasures")}
    sets = {}
    for role in (LOADER, PUBLISHER, ERASER):
        with full_house.connect(role=role) as connection:
            sets[role] = readable(connection, full_house), writable(connection, full_house)
    for both, loader, publisher in zip(sets[ERASER], sets[LOADER], sets[PUBLISHER], strict=True):
        assert both == loader | publisher | ours
    with full_house.connect(role=ERASER) as eraser:
        assert callable_by(eraser, full_house) == {TAKES_CANDIDATE}
        assert not may(eraser, "drop table raw_git.commits")
        assert not may(eraser, "delete from landing.erasures")


def test_a_role_is_taken_for_a_step_and_given_back(house: House) -> None:
    def mine() -> str:
        return str(house.one("select current_user"))

    before = mine()
    with acting(house.connection, LOADER):
        assert mine() == LOADER
        with acting(house.connection, PUBLISHER):
            assert mine() == PUBLISHER
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                house.connection.execute("select * from landing.quarantine")
        assert mine() == LOADER
    assert mine() == before


def test_what_an_earlier_version_published_goes_to_the_publisher(house: House) -> None:
    house.release(1)
    for schema, kind in (("release_1", "table"), ("warehouse", "view")):
        house.connection.execute(f"alter schema {schema} owner to current_user")
        for mart in MARTS:
            house.connection.execute(f"alter {kind} {schema}.{mart} owner to current_user")
    house.installation.set_up(again=True)
    assert house.release(2).number == 2
    with house.connect(role=PUBLISHER) as publisher:
        assert may(publisher, "delete from release_1.alpha")


@pytest.fixture
def hosted(house: House, new_installation: Callable[..., Installation], tmp_path: Path) -> Iterator[House]:
    """An installation whose login is no superuser, as a hosted Postgres gives it."""
    login, database = "hosted_login", "hosted"
    house.connection.execute(f"create role {login} login createdb createrole password '{PASSWORD}'")
    for role in roles.ROLES:  # as if it had made them
        house.connection.execute(f"grant {role} to {login} with admin true, inherit false, set false")
    url = make_conninfo(house.url, user=login, password=PASSWORD, dbname=database)
    info = conninfo_to_dict(url)
    installation = new_installation(
        f"postgresql://{login}:{quote(PASSWORD)}@/{database}?host={info['host']}&port={info['port']}",
        bucket=tmp_path / "another",
    )
    with installation.connect("test") as connection:
        yield House(installation, connection)
    house.connection.execute(f"drop database {database} with (force)")
    given = house.connection.execute(
        "select roleid::regrole::text, member::regrole::text from pg_auth_members "
        "where grantor = %s::regrole",
        [login],
    )
    for role, member in given.fetchall():
        house.connection.execute(f"revoke {role} from {member} granted by {login}")
    house.connection.execute(f"drop role {login}")


def test_a_login_that_is_no_superuser_is_enough(hosted: House) -> None:
    assert hosted.one("select not rolsuper from pg_roles where rolname = session_user")
    for number in (1, 2, 3, 4):
        assert hosted.release(number).number == number
    with hosted.installation.connect("chore", role=PUBLISHER) as publisher:
        assert retention.drop_old_releases(publisher) == ([1], [])
    with hosted.installation.connect("erase", role=ERASER) as eraser:
        people = carrying_out.identify(hosted.installation, eraser, ["ada@acme.example"])
        assert carrying_out.erase(hosted.installation, eraser, people, why="asked for").number == 1
    hosted.connection.execute("alter schema warehouse owner to current_user")  # by an earlier version
    hosted.installation.set_up(again=True)
    assert hosted.release(5).number == 5
