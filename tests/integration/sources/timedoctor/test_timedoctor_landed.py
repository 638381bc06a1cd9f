"""The whole way, from a living company's TimeDoctor into tables: days that change, fail and are forgotten."""

import contextlib
import json
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from pydantic import SecretStr

from observes_assets.errors import PermanentError, SourceError
from observes_assets.extraction import Extractor
from observes_assets.installation import Installation
from observes_assets.landing.rebuild import forget
from observes_assets.sandbox import World
from observes_assets.sandbox.messages import Answer
from observes_assets.sandbox.timedoctor import TimeDoctor, serving
from observes_assets.sandbox.timedoctor.errors import cut_short, without_lists
from observes_assets.sandbox.timedoctor.people import members
from observes_assets.sandbox.timedoctor.windows import REPEATED
from observes_assets.settings import Settings
from observes_assets.sources.observes.recording import attempts
from observes_assets.sources.timedoctor import access, reading, streams
from observes_assets.sources.timedoctor.by_user import UserSets
from observes_assets.sources.timedoctor.client import Client
from observes_assets.sources.timedoctor.days import between
from observes_assets.sources.timedoctor.importing import import_file
from observes_assets.sources.timedoctor.observation import Observation, observe_all
from observes_assets.sources.timedoctor.singer import SingerFile
from observes_assets.sources.timedoctor.streams import Question

BEGAN_AT = datetime(2026, 2, 25, 9, tzinfo=UTC)
"""A Wednesday, seven weeks after the company's founding."""
MONDAY, TUESDAY = date(2026, 2, 23), date(2026, 2, 24)
_OF_DAYS = ("worklogs", "screenshots", "app_uses")


@dataclass
class House:
    """An installation beside a company."""

    installation: Installation
    connection: psycopg.Connection
    world: World
    server: TimeDoctor

    def observe(self, days: list[date] | None = None, **settings: Any) -> Observation:
        """One run, with other settings than the house's."""
        with self.client(**settings) as client, self.extracting() as extractor:
            seen = observe_all(extractor, client, days)
        assert self.server.failures == []
        return seen

    def client(self, **settings: Any) -> Any:
        from contextlib import closing  # noqa: PLC0415 - only here

        found = access.read(self.installation.settings.model_copy(update=settings))
        assert found is not None
        limit = self.installation.contracts["timedoctor"].rate_limit
        assert limit is not None
        return closing(Client(found, limit, backoff_seconds=0.001))

    def extracting(self) -> Any:
        contract = self.installation.contracts["timedoctor"]
        return attempts(self.installation, self.connection, contract, "test")

    def one(self, query: str, *parameters: Any) -> Any:
        row = self.connection.execute(query, parameters).fetchone()
        return row[0] if row and len(row) == 1 else row

    def batches(self) -> dict[str, int]:
        rows = self.connection.execute(
            "select stream, count(*) from landing.loads where source = 'timedoctor' "
            "and stream <> 'observations' group by 1"
        )
        return dict(rows.fetchall())

    def standing(self, day: date, stream: str = "worklogs") -> Counter[str]:
        """Seconds (or records) of each user, as they stand for a day."""
        contract = self.installation.contracts["timedoctor"].streams[stream]
        scope = {"company_id": self.server.company_id, "day": day.isoformat()}
        found: Counter[str] = Counter()
        for record in reading.known(self.connection, contract, scope):
            found[record["user_id"]] += record["time"] if stream == "worklogs" else 1
        return found

    def true(self, day: date) -> Counter[str]:
        """The same, by the vendor's own mouth, one user at a time."""
        found: Counter[str] = Counter()
        with self.client() as client:
            for user in members(self.world.company):
                document = client.get(
                    "the truth",
                    "activity/worklog",
                    company=self.server.company_id,
                    user=user.id,
                    **{"from": f"{day}T00:00:00Z", "to": f"{day + timedelta(days=1)}T00:00:00Z"},
                )
                if seconds := sum(row["time"] for row in document["data"][0]):
                    found[user.id] = seconds
        return found

    def missing(self, first: date) -> list[date]:
        yesterday = self.world.now.date() - timedelta(days=1)
        company = self.server.company_id
        return reading.missing(self.connection, "worklogs", company, first=first, yesterday=yesterday)


@pytest.fixture(scope="module")
def world() -> World:
    return World(seed=1, at=BEGAN_AT)


@pytest.fixture
def house(database_url: str, tmp_path: Path, world: World) -> Iterator[House]:
    world.set_clock(BEGAN_AT)
    with serving(world) as server:
        assert server.credentials.totp_secret
        settings = Settings(
            _env_file=None,
            home=tmp_path,
            postgres_url=SecretStr(database_url),
            timedoctor_email=server.credentials.email,
            timedoctor_password=SecretStr(server.credentials.password),
            timedoctor_totp_secret=SecretStr(server.credentials.totp_secret),
            timedoctor_url=server.address,
            timedoctor_start=MONDAY,
            timedoctor_reread_days=30,
            timedoctor_memory_days=60,
        )
        installation = Installation(settings)
        installation.set_up()
        with installation.connect("test") as connection:
            yield House(installation, connection, world, server)


def test_days_land_whole_and_change_only_when_they_do(house: House) -> None:
    seen = house.observe()
    assert seen.named("failed") == {}
    assert house.batches() == {
        **dict.fromkeys(("companies", "users", "projects", "tasks"), 1),
        **dict.fromkeys(_OF_DAYS, 3),
    }
    assert house.missing(MONDAY) == []
    for day in (MONDAY, TUESDAY):
        assert house.standing(day) == house.true(day) != Counter()
        # Screenshots and programs are those of the people who worked.
        assert house.standing(day, "screenshots").keys() <= house.standing(day).keys()
        assert house.standing(day, "app_uses")
    assert house.server.credentials.permissions[0] == "read"

    # At the same moment nothing is due: a login, the companies, and that is all.
    asked = len(house.server.requests)
    before = house.batches()
    again = house.observe()
    assert again.records == []
    assert house.batches() == before
    assert [one.path.rpartition("/")[2] for one in house.server.requests[asked:]] == [
        "login",
        "authorization",
        "logout",
    ]

    # A day later all is due. A past day leaves no batch unless it has changed, but the last one ends.
    house.world.set_clock(BEGAN_AT + timedelta(days=1))
    later = house.observe()
    read = [one["day"] for one in later.records if one["stream"] == "worklogs"]
    assert set(read) == {"2026-02-23", "2026-02-24", "2026-02-25", "2026-02-26"}
    changed = {day for day in (MONDAY, TUESDAY) if house.standing(day) != house.true(day)}
    assert changed == set()
    assert house.missing(MONDAY) == []
    loads = house.one(
        "select count(*) from landing.loads where source = 'timedoctor' and stream = 'worklogs' "
        "and scope ->> 'day' = '2026-02-25'"
    )
    assert loads == 2

    text = "".join(
        path.read_bytes().hex() for path in Path(house.installation.settings.bucket).rglob("*.zst")
    )
    assert text
    raw = house.one("select string_agg(record::text, '') from raw_timedoctor.screenshots")
    assert "http" not in raw
    assert "signature" not in raw
    used = house.one("select string_agg(record::text, '') from raw_timedoctor.app_uses")
    assert "Editor" in used
    assert "Inbox of" not in used, "titles of windows never come in"


def test_late_uploads_and_managers_edits_replace_a_day_exactly(house: House) -> None:
    days = [date(2026, 2, 16) + timedelta(days=number) for number in range(8)]
    house.observe(days)
    then = {day: house.standing(day) for day in days}
    house.world.set_clock(BEGAN_AT + timedelta(days=24))
    house.observe(days)
    now = {day: house.standing(day) for day in days}
    assert now == {day: house.true(day) for day in days}
    assert now != then
    versions = house.one(
        "select count(*) filter (where is_deleted), count(*) filter (where first_load_id < load_id) "
        "from landing.timedoctor__worklogs"
    )
    assert min(versions) > 0, "something was taken away, and something was changed"


def test_a_day_emptied_by_an_edit_is_empty_and_one_emptied_by_an_error_is_not(house: House) -> None:
    house.observe()
    was = house.standing(MONDAY)
    house.world.set_clock(BEGAN_AT + timedelta(days=1))

    def fail() -> Answer:
        return Answer(200, {"error": "internalError"})

    house.server.switches.answer_instead("activity/worklog", fail, times=100)
    seen = house.observe()
    failed = sorted(name for name in seen.named("failed") if name.startswith("worklogs"))
    assert failed[:2] == ["worklogs 2026-02-23", "worklogs 2026-02-24"]
    assert house.standing(MONDAY) == was
    # Others went on, and the day that is over and not yet read is missing.
    assert {one["outcome"] for one in seen.records if one["stream"] == "users"} == {"ok"}
    assert house.missing(MONDAY) == [date(2026, 2, 25)]

    house.server.switches.clear()
    house.server.switches.alter(
        "activity/worklog", lambda answer: Answer(200, {"data": [[] for _ in answer.body["data"]]}), times=100
    )
    house.observe()
    assert house.standing(MONDAY) == Counter()
    assert house.missing(MONDAY) == []
    house.server.switches.clear()
    house.observe([MONDAY])
    assert house.standing(MONDAY) == was


def test_after_a_long_pause_the_tail_is_not_all_that_is_read(house: House) -> None:
    house.observe()
    house.world.set_clock(BEGAN_AT + timedelta(days=10))
    house.observe(timedoctor_start=None, timedoctor_reread_days=2)
    assert house.missing(MONDAY) == []


def test_a_killed_run_s_days_are_not_read_again(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("observes_assets.sources.timedoctor.observation._WRITTEN_EVERY", 2)
    read_day, looks = Observation.read_day, 0

    def killed(self: Observation, *which: Any) -> None:
        nonlocal looks
        if looks == 4:
            raise KeyboardInterrupt
        looks += 1
        read_day(self, *which)

    with monkeypatch.context() as patched:
        patched.setattr(Observation, "read_day", killed)
        with pytest.raises(KeyboardInterrupt):
            house.observe()
    again = house.observe()
    # The fourth was not written down yet; the others were, and the lists with the first.
    assert again.records[0]["stream"] == "screenshots"
    assert len(again.records) == 9 - 3
    assert house.missing(MONDAY) == []


def test_a_day_that_is_refused_for_good_stops_no_other(house: House) -> None:
    # As who has a smaller plan may be told of the oldest days.
    house.server.switches.answer_instead("activity/worklog", house.server.fault("forbidden"), times=1)
    seen = house.observe()
    failed = seen.named("failed")
    assert failed.keys() == {f"{stream} 2026-02-23" for stream in _OF_DAYS}
    assert "may not read it" in failed["worklogs 2026-02-23"]
    assert house.standing(TUESDAY) == house.true(TUESDAY)


def test_a_day_that_the_contract_refuses_is_no_good_look(house: House) -> None:
    def undated(answer: Answer) -> Answer:
        rows = [[{**row, "start": "soon"} for row in each] for each in answer.body["data"]]
        return Answer(200, {"data": rows})

    house.server.switches.alter("activity/worklog", undated, times=1)
    failed = house.observe([MONDAY]).named("failed")
    assert failed.keys() == {f"{stream} 2026-02-23" for stream in _OF_DAYS}
    assert "observes batch list" in failed["worklogs 2026-02-23"]
    again = house.observe()
    assert "worklogs 2026-02-23" in again.named("failed"), "it is due, and nobody has decided"


def test_a_login_that_is_revoked_on_the_way_is_not_tried_day_by_day(house: House) -> None:
    def revoke() -> Answer:
        house.server.credentials.is_revoked = True
        return house.server.fault("invalid_token")()

    house.server.switches.answer_instead("activity/worklog", revoke, skip=1)
    seen = house.observe()
    assert "worklogs 2026-02-23" not in seen.named("failed")
    assert len(seen.named("failed")) == 8
    logins = [one for one in house.server.requests if one.path.endswith("/login")]
    assert len(logins) == 2
    assert house.standing(MONDAY)


def test_while_worklogs_fail_nobody_is_taken_for_idle(house: House) -> None:
    def fail() -> Answer:
        return Answer(200, {"error": "internalError"})

    house.server.switches.answer_instead("activity/worklog", fail, times=100)
    # Out of the tail such a day is read once, and never again.
    seen = house.observe([MONDAY], timedoctor_reread_days=1)
    assert set(seen.named("failed")) == {f"{stream} 2026-02-23" for stream in _OF_DAYS}
    assert "worklogs have not landed" in seen.named("failed")["screenshots 2026-02-23"]
    assert not {"screenshots", "app_uses"} & house.batches().keys()
    house.server.switches.clear()
    assert house.observe(timedoctor_reread_days=1).named("failed") == {}
    assert all(house.standing(MONDAY, stream) for stream in _OF_DAYS)


def test_a_day_that_is_half_forgotten_stays_whole(house: House) -> None:
    house.server.memory = replace(house.server.memory, worklog_days=40)
    house.observe()
    was = house.standing(MONDAY)
    evening = datetime(2026, 2, 23, 18, tzinfo=UTC)
    house.world.set_clock(evening + timedelta(days=40))
    assert 0 < house.true(MONDAY).total() < was.total(), "what began before six o'clock is forgotten"
    asked = len(house.server.requests)
    house.observe([MONDAY, TUESDAY], timedoctor_memory_days=40)
    windows = {one.query.get("from") for one in house.server.requests[asked:]}
    assert "2026-02-23T00:00:00Z" not in windows
    assert "2026-02-24T00:00:00Z" in windows
    # Who says that it remembers more than it does loses nothing, either.
    seen = house.observe([MONDAY], timedoctor_memory_days=60)
    assert "worklogs 2026-02-23" in seen.named("forgotten")
    assert house.standing(MONDAY) == was


def test_hours_of_who_is_listed_no_more_stay(house: House) -> None:
    house.observe()
    was = house.standing(MONDAY)
    gone = max(was, key=lambda user: was[user])

    def without(answer: Answer) -> Answer:
        rows = [one for one in answer.body["data"] if one["id"] != gone]
        return Answer(answer.status, answer.body | {"data": rows}, answer.headers)

    house.server.switches.alter("GET /api/1.0/users", without, times=10)
    house.world.set_clock(BEGAN_AT + timedelta(days=1))
    house.observe()
    assert house.standing(MONDAY) == was
    asked = [one for one in house.server.requests if one.path.endswith("/activity/worklog")][-1]
    assert gone not in asked.query["user"].split(",")


def test_a_login_that_lost_its_rights_takes_nobody_s_hours_away(house: House) -> None:
    house.observe()
    was = house.standing(MONDAY)
    house.world.set_clock(BEGAN_AT + timedelta(days=1))
    house.server.is_demoted = True
    seen = house.observe()
    failed = seen.named("failed")
    assert "admin" in failed["users"]
    assert {name.partition(" ")[0] for name in failed} == {"users", *_OF_DAYS}
    assert house.standing(MONDAY) == was
    house.server.is_demoted = False
    assert house.observe().named("failed") == {}


def test_a_revoked_login_fails_every_stream_and_is_recorded(house: House) -> None:
    house.server.credentials.is_revoked = True
    with pytest.raises(PermanentError, match="does not accept the login"):
        house.observe()
    recorded = house.connection.execute(
        "select distinct record ->> 'stream' from raw_observes.extractions "
        "where (record ->> 'failed_scope_count')::int > 0"
    ).fetchall()
    assert {name for (name,) in recorded} == set(house.installation.contracts["timedoctor"].streams)


def test_what_the_vendor_forgets_the_warehouse_does_not(house: House) -> None:
    house.observe()
    was = {(day, stream): house.standing(day, stream) for day in (MONDAY, TUESDAY) for stream in _OF_DAYS}
    assert all(was.values())
    half_a_year = BEGAN_AT + timedelta(days=183)
    house.world.set_clock(half_a_year)
    assert house.true(MONDAY) == Counter(), "the vendor has forgotten"
    settings = {"timedoctor_reread_days": 1, "timedoctor_memory_days": 2}
    house.observe(**settings)
    # Even somebody who claims that it remembers loses nothing.
    seen = house.observe([MONDAY, TUESDAY], timedoctor_memory_days=400)
    assert {"worklogs 2026-02-23", "worklogs 2026-02-24"} <= seen.named("forgotten").keys()
    assert {key: house.standing(*key) for key in was} == was
    assert house.missing(MONDAY)[0] == date(2026, 2, 25), "of that day only the morning was read"

    forget(house.connection, house.installation.contracts)
    assert house.standing(MONDAY) == Counter()
    contract = house.installation.contracts["timedoctor"]
    extractor = Extractor(house.connection, house.installation.archive, contract, "rebuild")
    for stream in contract.streams:
        extractor.land_waiting(stream)
    assert {key: house.standing(*key) for key in was} == was


def test_a_session_across_midnight_is_never_lost_nor_moved(house: House) -> None:
    house.server.edges = REPEATED
    house.observe([date(2026, 2, 16) + timedelta(days=number) for number in range(8)])
    early = house.one(
        "select count(*) from raw_timedoctor.worklogs where record ->> 'started_at' < (record ->> 'day')"
    )
    twins = house.one(
        "select count(*) from (select from raw_timedoctor.worklogs group by record -> 'user_id', "
        "record -> 'device_id', record -> 'started_at', record -> 'mode', record -> 'task_id' "
        "having count(*) > 1)"
    )
    # What is repeated has the same identity on both days, so the marts can tell (and leave one out).
    assert early > 0
    assert twins <= early


def test_who_worked_past_midnight_is_asked_for_what_they_did_then(house: House) -> None:
    friday, saturday = date(2026, 2, 27), date(2026, 2, 28)
    house.world.set_clock(datetime(2026, 3, 9, 9, tzinfo=UTC))
    house.observe([friday, saturday])
    for stream in ("screenshots", "app_uses"):
        late = house.standing(saturday, stream).keys() - house.standing(saturday).keys()
        assert late, "their worklog is with Friday"
        assert late <= house.standing(friday).keys()


def test_older_backups_land_as_days_and_what_was_read_is_left_alone(house: House, tmp_path: Path) -> None:
    house.observe()
    was = house.standing(MONDAY)
    contract = house.installation.contracts["timedoctor"]
    extractor = Extractor(house.connection, house.installation.archive, contract, "import")

    def backup(length: int) -> SingerFile:
        path = tmp_path / "timedoctor.worklogs.2026-02-20.2026-02-23.singer"
        row = {
            "user_id": "ana",
            "length": length,
            "start_time": "2026-02-20T09:00:00Z",
            "work_mode": "online",
        }
        path.write_text(json.dumps({"type": "RECORD", "stream": "worklogs", "record": row}) + "\n")
        return SingerFile.of(path)

    company = house.server.company_id
    done = import_file(extractor, backup(1800), company)
    assert done == {"imported": 3, "read from TimeDoctor": 1, "records": 1}
    assert house.standing(date(2026, 2, 20)) == {"ana": 1800}
    assert house.standing(MONDAY) == was
    assert house.missing(date(2026, 2, 20)) == []
    assert import_file(extractor, backup(1800), company)["unchanged"] == 3
    assert import_file(extractor, backup(900), company)["imported"] == 1
    assert house.standing(date(2026, 2, 20)) == {"ana": 900}
    # What TimeDoctor still knows of such a day is better.
    house.observe(timedoctor_start=date(2026, 2, 20))
    assert house.standing(date(2026, 2, 20)) == house.true(date(2026, 2, 20)) + Counter(ana=900)


def test_a_backup_fills_what_was_read_in_part_or_too_late(house: House, tmp_path: Path) -> None:
    house.observe()  # of today the morning
    today = BEGAN_AT.date()
    house.world.set_clock(BEGAN_AT + timedelta(days=183))
    house.observe([MONDAY - timedelta(days=1)], timedoctor_memory_days=400)
    assert house.missing(today)[0] == today

    def backup(last: date, *rows: dict[str, Any]) -> SingerFile:
        path = tmp_path / f"timedoctor.worklogs.2026-02-22.{last}.singer"
        lines = [{"type": "RECORD", "stream": "worklogs", "record": row} for row in rows]
        path.write_text("\n".join(json.dumps(line) for line in lines))
        return SingerFile.of(path)

    starts = ("2026-02-22T09:00:00Z", "2026-02-23T09:00:00Z", f"{today}T20:00:00Z")
    rows = [{"user_id": "ana", "length": 60, "start_time": at, "work_mode": "online"} for at in starts]
    contract = house.installation.contracts["timedoctor"]
    extractor = Extractor(house.connection, house.installation.archive, contract, "import")
    was = house.standing(MONDAY)
    done = import_file(extractor, backup(today, *rows), house.server.company_id)
    assert done == {"imported": 2, "read from TimeDoctor": 2, "records": 3}
    assert house.standing(MONDAY) == was
    assert house.standing(MONDAY - timedelta(days=1)) == {"ana": 60}, "TimeDoctor had forgotten it"
    assert house.standing(today) == {"ana": 60}
    assert today not in house.missing(MONDAY)

    # A file that ends earlier, named later, has the days that are in both; one that is damaged is told.
    sunday = MONDAY - timedelta(days=1)
    done = import_file(extractor, backup(sunday, {**rows[0], "length": 90}), house.server.company_id)
    assert (done["imported"], house.standing(sunday)) == (1, {"ana": 90})
    undated = [{**rows[0], "length": one, "start_time": "1900-01-01T00:00:00Z"} for one in range(9)]
    done = import_file(extractor, backup(sunday, *undated), house.server.company_id)
    assert (done["imported"], done["refused"]) == (0, 1)
    assert house.standing(sunday) == {"ana": 90}


PATHS = ("activity/worklog", "activity/timeuse", "files/screenshot", "GET /api/1.0/users", "/tasks", "/login")


class KilledError(BaseException):
    """Our process ends here, as far as it knows."""


def one_run(house: House, *, killed_at: int | None) -> None:
    """A run, or what is left of it when the n-th request is one too many."""
    count = 0
    with (
        contextlib.suppress(SourceError, KilledError),
        house.client() as client,
        house.extracting() as extractor,
    ):
        ask = client._session.request

        def request(*arguments: Any, **more: Any) -> Any:
            nonlocal count
            count += 1
            if count == killed_at:
                raise KilledError
            return ask(*arguments, **more)

        client._session.request = request
        observe_all(extractor, client)


def test_weeks_of_faults_leave_what_timedoctor_has(
    house: House, seed: int, record_property: Callable[[str, object], None]
) -> None:
    draw, times = random.Random(seed), Counter[str]()
    switches = house.server.switches
    faults: dict[str, Callable[[str, int], object]] = {
        "cut off": lambda path, count: switches.alter(path, cut_short, times=count),
        "lists missing": lambda _, count: switches.alter("activity/worklog", without_lists(2), times=count),
        **{
            name: lambda path, count, name=name: switches.answer_instead(
                path, house.server.fault(name), times=count, skip=draw.randint(0, 4)
            )
            for name in ("bad_gateway", "too_many", "forbidden", "invalid_token")
        },
    }
    for _ in range(8):
        for name in draw.sample(sorted(faults), draw.choice((0, 1, 2, 3))):
            faults[name](draw.choice(PATHS), draw.choice((1, 3, 20, 200)))
            times[name] += 1
        killed_at = draw.randint(1, 120) if draw.random() < 0.4 else None
        times["killed"] += killed_at is not None
        one_run(house, killed_at=killed_at)
        switches.clear()
        house.world.set_clock(house.world.now + timedelta(hours=draw.choice((1, 7, 20, 26, 40))))
    assert house.observe().named("failed") == {}
    assert house.missing(MONDAY) == []
    days = list(between(MONDAY, house.world.now.date()))
    assert house.observe(days).named("failed") == {}
    with house.client() as client:
        for day in days:
            assert house.standing(day) == house.true(day)
            everybody = Question(
                house.server.company_id, day, [one.id for one in members(house.world.company)]
            )
            for stream in streams.DAYS:
                told = {one["user_id"] for one in stream.read(client, UserSets(), everybody)}
                assert house.standing(day, stream.name).keys() == told
    record_property("faults survived", {"seed": seed, "times": dict(times)})
