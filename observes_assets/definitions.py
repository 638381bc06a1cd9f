"""The whole graph, assembled explicitly: this is the one place where a new source is added to it.

Loading this module reads contracts and dbt's manifest from disk, and nothing else: no database, no network,
no dbt parse.
"""

from dagster import Definitions, in_process_executor

from observes_assets import contracts
from observes_assets.automation.jobs import jobs
from observes_assets.automation.timetable import schedules, sensors
from observes_assets.billing.assets import BILLS, bills_asset
from observes_assets.errors import SettingsError
from observes_assets.installation import SOURCES
from observes_assets.resources import InstallationResource
from observes_assets.retries import tell_retries
from observes_assets.sources.delivery.assets import delivery_assets
from observes_assets.sources.git.assets import git_assets
from observes_assets.sources.github.assets import github_assets
from observes_assets.sources.observes.assets import observes_assets
from observes_assets.sources.portfolio.assets import portfolio_assets
from observes_assets.sources.timedoctor.assets import days_asset, timedoctor_assets
from observes_assets.sources.zoho.assets import PREPARED, prepare_asset, zoho_assets
from observes_assets.warehouse import dbt
from observes_assets.warehouse.assets import RELEASE, landing_specs, marts_assets, release_asset


def build_defs(installation: InstallationResource | None = None) -> Definitions:
    """Assemble the graph.

    Args:
        installation: another installation than the environment's, for tests.

    Raises:
        SettingsError: a source has a contract, and no asset here.
    """
    promises = {source: contracts.load(source) for source in SOURCES}
    manifest = dbt.read_manifest()
    exported = zoho_assets(promises["zoho"])
    raw = [
        portfolio_assets(promises["portfolio"]),
        git_assets(promises["git"]),
        github_assets(promises["github"]),
        delivery_assets(promises["delivery"]),
        observes_assets(promises["observes"]),
        timedoctor_assets(promises["timedoctor"]),
        prepare_asset(promises["zoho"]),
        exported,
    ]
    days = days_asset(promises["timedoctor"])
    if missing := promises.keys() - {key.path[0] for one in raw for key in one.keys}:
        raise SettingsError(
            f"Contract without an asset: {', '.join(sorted(missing))}.",
            "Add it to `raw` in observes_assets/definitions.py, or remove its folder.",
        )
    models = marts_assets(manifest)
    cut = jobs(raw, bills=BILLS, exported=exported, apart=[days])
    return Definitions(
        assets=[
            *raw,
            days,
            *landing_specs([key for one in raw for key in one.keys]),
            models,
            release_asset(models, manifest),
            bills_asset(RELEASE),
        ],
        jobs=cut,
        schedules=schedules(promises, begun_by={"zoho": PREPARED}),
        sensors=sensors({job.name: job for job in cut}),
        resources={"installation": installation or InstallationResource()},
        # One process a run: each step of the multiprocess executor would pay six seconds of imports again.
        executor=in_process_executor,
    )


tell_retries()
defs = build_defs()
