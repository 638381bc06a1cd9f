"""A vendor that forgets: half a year later it knows nothing of some days that the warehouse still has."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from observes_assets.installation import Installation
from observes_assets.sandbox import World
from observes_assets.sandbox.timedoctor import TimeDoctor, serving
from observes_assets.settings import Settings
from observes_assets.sources.observes.recording import attempts
from observes_assets.sources.timedoctor import access
from observes_assets.sources.timedoctor.client import Client
from observes_assets.sources.timedoctor.observation import observe_all
from tests.e2e.conftest import KEY, Home, Repository, portfolio, this_month
from tests.integration.sandbox.timedoctor_caller import Caller

AT = datetime(2026, 2, 9, 12, tzinfo=UTC)
FIRST = datetime(2026, 2, 5, tzinfo=UTC)
HALF_A_YEAR = timedelta(days=182)


def told(vendor: TimeDoctor) -> Counter[str]:
    """Seconds by project, as the vendor tells them now of the days from the first until the first clock."""
    caller = Caller(vendor)
    users = [one["id"] for one in caller.all("/users", **{"include-archived-users": "true"})]
    found: Counter[str] = Counter()
    for row in (row for rows in caller.worklogs(users, FIRST, AT) for row in rows):
        found[row.get("projectId", "")] += row["time"]
    return found


def observe(home: Home) -> int:
    """What a run reads of TimeDoctor, without the rest of a run; returns how many worklogs are gone."""
    own = {name.removeprefix("OBSERVES_").lower(): value for name, value in home.settings.items()}
    settings = Settings(_env_file=None, home=home.path, pseudonym_key=KEY, **own)  # type: ignore[arg-type]
    installation, contract = Installation(settings), Installation(settings).contracts["timedoctor"]
    installation.set_up()
    found = access.read(settings)
    assert found
    assert contract.rate_limit
    client = Client(found, contract.rate_limit)
    with (
        installation.connect("test") as connection,
        attempts(installation, connection, contract, "test") as extractor,
    ):
        observation = observe_all(extractor, client)
        assert observation.named("failed") == {}
        gone: Any = connection.execute(
            "select count(*) from landing.timedoctor__worklogs where is_deleted"
        ).fetchone()
    client.close()
    return int(gone[0])


@pytest.mark.timeout(3600)
def test_what_the_vendor_forgets_stays_even_without_postgres(
    new_home: Callable[..., Home], tmp_path: Path
) -> None:
    shop = Repository.make(tmp_path / "shop")
    shop.commit("one", at=this_month(1))
    entry = {"nickname": "shop", "url": str(shop.path), "branch": "main"}
    world = World(at=AT)
    with serving(world) as vendor:
        home = new_home(
            OBSERVES_PORTFOLIO=str(portfolio(tmp_path, {"acme": {"web": [entry]}})),
            OBSERVES_TIMEDOCTOR_EMAIL=vendor.credentials.email,
            OBSERVES_TIMEDOCTOR_PASSWORD=vendor.credentials.password,
            OBSERVES_TIMEDOCTOR_TOTP_SECRET=str(vendor.credentials.totp_secret),
            OBSERVES_TIMEDOCTOR_URL=vendor.address,
            OBSERVES_TIMEDOCTOR_START=FIRST.date().isoformat(),
        )
        before = told(vendor)
        assert observe(home) == 0

        world.set_clock(AT + HALF_A_YEAR)
        assert before
        assert not told(vendor)
        yesterday = (world.now - timedelta(days=1)).date()
        home.settings["OBSERVES_TIMEDOCTOR_START"] = yesterday.isoformat()
        assert observe(home) == 0  # nothing of what is forgotten became a tombstone

        # The raw tables are dropped, and the bucket is all there is. That half a year was missed is said.
        text = home.run("rebuild", code=1)
    assert "timedoctor/observations: every_day_read" in text
    assert "Release 1 is on show" in text
    query = (
        "select timedoctor_project_id, "
        "sum(worked_seconds + break_seconds + leave_seconds + other_seconds)::bigint "
        "from warehouse.work_days where worked_on <= %s group by 1"
    )
    assert dict(home.ask(query, [AT.date()])) == before
    assert home.ask("select max(worked_on) from warehouse.work_days") >= [yesterday]
