"""Whatever is launched, in whatever order: readers see only what an undisturbed run would have published.

A seeded walk over a real Postgres: batches good, wrong and refused; builds whole, killed, tampered with and
untested; publishing, going back, resuming, dropping, forgetting and landing again. ``OBSERVES_WALK_STEPS``
makes it longer, ``OBSERVES_WALK_SEED`` another one.
"""

import os
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from observes_assets import contracts
from observes_assets.archive import Archive, Decision
from observes_assets.bucket import open_bucket
from observes_assets.errors import PublishRefusedError
from observes_assets.landing import rebuild, tables
from observes_assets.landing.pending import sync
from observes_assets.postgres.roles import LOADER, PUBLISHER, acting
from observes_assets.warehouse import build, publish, retention
from observes_assets.warehouse.build import CheckResult
from observes_assets.warehouse.gate import Requirements
from tests.integration.landing.conftest import CONTRACT, Desk, order
from tests.integration.warehouse.conftest import House

STEPS = int(os.environ.get("OBSERVES_WALK_STEPS", "250"))
SEED = int(os.environ.get("OBSERVES_WALK_SEED", "7"))
POSITIVE = "amounts_are_positive"
MART = """
    create table candidate.{mart} as
    select v.record_key, (r.record ->> 'amount')::numeric as amount
    from landing.shop__orders as v
    join raw_shop.orders as r on r.load_id = v.content_load_id and r.record_key = v.record_key
    where v.load_id <= {as_of} and (v.superseded_by is null or v.superseded_by > {as_of}) and not v.is_deleted
"""
REQUIRED = Requirements(
    marts=["orders", "totals"],
    tables=["orders", "totals"],
    checks=["orders", "totals", POSITIVE, "structure of shop/orders"],
)
State = frozenset[tuple[str, float]]


@dataclass
class Walk:
    """The installation under test, and what its readers may see."""

    house: House
    desk: Desk
    chance: random.Random
    good: set[State] = field(default_factory=set)
    shown: dict[int, State] = field(default_factory=dict)
    done: Counter[str] = field(default_factory=Counter)
    refused: list[int] = field(default_factory=list)

    # --- Extractions

    def extract(self) -> None:
        self._land([order(n, self.chance.randint(0, 9)) for n in range(1, self.chance.randint(4, 6))])

    def extract_what_fails_a_check(self) -> None:
        self._land([order(n, -1.0) for n in range(1, 5)])

    def extract_what_is_refused(self) -> None:
        self._land([])

    def decide(self) -> None:
        for batch in self.refused:
            manifest = self.desk.archive.manifest("shop", "orders", batch)
            verdict = self.chance.choice(["accept", "reject"])
            decision = Decision(
                verdict=verdict,  # type: ignore[arg-type]
                who="ann", why="walk", decided_at=manifest.extracted_until,
            )  # fmt: skip
            self.desk.archive.decide(manifest, decision)
        self.refused.clear()
        self.desk.extractor.land_waiting("orders")
        self._note_state()

    def _land(self, records: list[dict[str, object]]) -> None:
        outcome = self.desk.land(records, region=self.chance.choice(["eu", "us"]))
        self.refused = [one.manifest.batch for one in outcome.refusals]
        self._note_state()

    def forget_and_land_again(self) -> None:
        sources = {"shop": self.desk.contract}
        rebuild.forget(self.house.connection, sources)
        if self.chance.random() < 0.5:  # it was killed here
            sync(self.desk.connection, self.desk.archive, "shop", "orders")

    # --- Builds

    def build(self) -> None:
        self._build()

    def build_that_is_killed(self) -> None:
        self._build(killed_after=self.chance.randint(0, 2))

    def build_without_its_test(self) -> None:
        self._build(runs_test=False)

    def publish_what_was_tampered_with(self) -> None:
        self._build()
        self.house.connection.execute(
            self.chance.choice(
                [
                    "drop table candidate.totals",
                    "truncate candidate.orders",
                    "drop table candidate.orders; create table candidate.orders as table candidate.totals",
                    f"update landing.check_results set status = 'fail' where check_name = '{POSITIVE}'",
                    "update landing.build set as_of = as_of + 1",
                ]
            )
        )
        with pytest.raises(PublishRefusedError):
            self.publish()

    def _build(self, killed_after: int | None = None, *, runs_test: bool = True) -> None:
        self.desk.extractor.land_waiting("orders")
        connection = self.house.installation.connect("build", role=PUBLISHER)
        doomed = self.house.building(connection, REQUIRED)
        begun = doomed.__enter__()
        with acting(connection, LOADER):
            results = build.examine_raw(connection, {"shop": self.desk.contract})
        with self.house.dbt(begun.token) as dbt:
            dbt.execute("select landing.join_build(%s)", [begun.token])
            for count, mart in enumerate(REQUIRED.marts):
                if killed_after == count:
                    break
                dbt.execute(f"select landing.hold_build('{begun.token}')")
                dbt.execute(MART.format(mart=mart, as_of=begun.as_of))
                results.append(CheckResult(mart, True, "success", None, None))
            if runs_test and killed_after is None:
                bad = dbt.execute("select count(*) from candidate.orders where amount < 0").fetchone()
                assert bad is not None
                status = "fail" if bad[0] else "pass"
                results.append(CheckResult(POSITIVE, True, status, bad[0], None))
        if killed_after is None:
            build.finish(connection, begun, results)
            doomed.__exit__(None, None, None)
        connection.close()

    # --- Releases

    def publish(self) -> None:
        with acting(self.house.connection, PUBLISHER):
            bucket = self.house.installation.bucket
            number = publish.publish_candidate(self.house.connection, bucket).number
        self.shown[number] = self._mart(f"release_{number}")

    def run_undisturbed(self) -> None:
        """What `observes run` does; if all is good, its release must be what is true now."""
        self.desk.extractor.land_waiting("orders")
        is_held = self.house.one("select exists (select from landing.hold)")
        state = self._now()
        self._build()
        if is_held or state not in self.good:
            with pytest.raises(PublishRefusedError):
                self.publish()
        else:
            self.publish()
            assert self._mart("warehouse") == state
            self.done["published what is true now"] += 1

    def roll_back(self) -> None:
        number = self.chance.choice(list(self.shown) or [1])
        with acting(self.house.connection, PUBLISHER):
            publish.roll_back(self.house.connection, number, who="ann", why="walk")

    def resume(self) -> None:
        with acting(self.house.connection, PUBLISHER):
            publish.resume(self.house.connection)

    def drop_old(self) -> None:
        with acting(self.house.connection, PUBLISHER):
            dropped = retention.drop_old_releases(self.house.connection)[0]
        for number in dropped:
            del self.shown[number]

    # --- What must hold

    def step(self) -> None:
        actions = [
            *[self.extract, self.build, self.publish, self.run_undisturbed] * 3,
            *[self.extract_what_fails_a_check, self.extract_what_is_refused, self.decide, self.decide],
            *[self.forget_and_land_again, self.build_that_is_killed, self.build_without_its_test],
            *[self.publish_what_was_tampered_with, self.roll_back, self.resume, self.resume, self.drop_old],
        ]
        action: Callable[[], None] = self.chance.choice(actions)
        try:
            action()
        except PublishRefusedError:
            self.done[f"{action.__name__}, refused"] += 1
        else:
            self.done[action.__name__] += 1
        self._look()

    def _look(self) -> None:
        row = self.house.connection.execute(
            "select release_number from landing.releases where is_on_show"
        ).fetchone()
        if row is not None:
            seen = self._mart("warehouse")
            assert seen in self.good
            assert seen == self.shown[row[0]]
            assert self.house.one("select release_number from warehouse.release") == row[0]
        for number, state in self.shown.items():
            assert self._mart(f"release_{number}") == state

    def _mart(self, schema: str) -> State:
        orders, totals = (
            frozenset(
                (key, float(amount))
                for key, amount in self.house.connection.execute(f"select * from {schema}.{mart}")
            )
            for mart in REQUIRED.marts
        )
        assert orders == totals  # of one moment
        return orders

    def _now(self) -> State:
        return frozenset((key, float(record["amount"])) for key, record in self.desk.heads().items())

    def _note_state(self) -> None:
        state = self._now()
        if all(amount >= 0 for _, amount in state):
            self.good.add(state)


def test_readers_see_only_what_an_undisturbed_run_would_have_published(house: House, tmp_path: Path) -> None:
    contract = contracts.parse("shop", CONTRACT.encode())
    tables.create(house.connection, contract.streams["orders"])
    archive = Archive(open_bucket(str(tmp_path / "shop")), code_version="test")
    house.connection.execute(
        "grant usage on schema raw_shop to observes_builder, observes_loader; "
        "grant select on raw_shop.orders, landing.shop__orders to observes_builder, observes_loader"
    )
    walk = Walk(house, Desk(house.connection, archive, contract), random.Random(SEED))
    walk._note_state()
    for _ in range(STEPS):
        walk.step()
    told = ", ".join(f"{what}: {count}" for what, count in sorted(walk.done.items()))
    if STEPS >= 250:
        assert walk.done["published what is true now"] >= 5, told
        assert walk.done["publish"], told
        assert walk.done["publish, refused"], told
        assert walk.done["roll_back"], told
