"""Publishing and bills, launched by hand in Dagster's web UI after a check has failed."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from dagster import (
    AssetCheckEvaluation,
    AssetsDefinition,
    AssetSpec,
    DagsterInstance,
    MaterializeResult,
    materialize,
    multi_asset,
)

from observes_assets.billing.assets import CURRENT, bills_asset
from observes_assets.resources import InstallationResource
from observes_assets.warehouse.assets import PUBLISHABLE, RELEASE, release_asset
from tests.integration.warehouse.conftest import PASSED, House


@pytest.fixture
def around(house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    """The house, as its environment describes it."""
    monkeypatch.setenv("OBSERVES_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("OBSERVES_POSTGRES_URL", house.url)
    monkeypatch.setenv("OBSERVES_BUCKET_URL", str(tmp_path / "bucket"))
    monkeypatch.setenv("OBSERVES_PSEUDONYM_KEY", "a key for tests, 32 characters or more")
    return house


@multi_asset(specs=[AssetSpec("models")])
def models() -> Iterator[MaterializeResult[None]]:
    yield MaterializeResult(asset_key="models")


def launch(asset: AssetsDefinition) -> tuple[bool, dict[str, AssetCheckEvaluation], str]:
    """Whether the run succeeded, its checks, and why its step failed."""
    with DagsterInstance.ephemeral() as instance:
        done = materialize(
            [asset],
            resources={"installation": InstallationResource()},
            instance=instance,
            raise_on_error=False,
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        )
    failures = [event.step_failure_data.error for event in done.all_events if event.is_step_failure]
    checks = {one.check_name: one for one in done.get_asset_check_evaluations()}
    return done.success, checks, " ".join(str(error) for error in failures)


def text(evaluation: AssetCheckEvaluation, name: str) -> Any:
    return evaluation.metadata[name].value


def test_publishing_alone_after_a_failed_check_is_refused_with_the_reason(around: House) -> None:
    release = release_asset(models, {"nodes": {}})
    around.release(1)
    around.build(2, results=(replace(PASSED, status="fail"),))
    success, checks, why = launch(release)
    assert not success
    assert "There is no good candidate to publish: failed: alpha_is_unique" in why
    assert not checks[PUBLISHABLE].passed
    assert "failed: alpha_is_unique" in text(checks[PUBLISHABLE], "found")
    assert text(checks[PUBLISHABLE], "runbook") == "docs/runbook.md#publishable"
    assert around.one("select number from warehouse.alpha") == 1

    around.build(3)
    success, checks, _ = launch(release)
    assert success
    assert checks[PUBLISHABLE].passed
    assert around.one("select number from warehouse.alpha") == 3


def test_bills_alone_after_a_failed_check_are_refused_with_the_reason(around: House) -> None:
    bills = bills_asset(RELEASE)
    around.release(1)
    around.build(2, results=(replace(PASSED, status="fail"),))
    success, checks, why = launch(bills)
    assert not success
    assert "The newest build is not published: failed: alpha_is_unique" in why
    assert not checks[CURRENT].passed
    assert "failed: alpha_is_unique" in text(checks[CURRENT], "found")
    assert list(around.installation.bucket.names("bills/")) == []
