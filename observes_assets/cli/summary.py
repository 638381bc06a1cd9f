"""What a run did, for a person: sources, records, checks, release, bills, and where to look next."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from psycopg import Connection

from observes_assets.billing.files import month_json
from observes_assets.billing.job import preview
from observes_assets.cli import github
from observes_assets.cli.bills import COLUMNS, owed_by_groups
from observes_assets.cli.output import out, plain, print_table
from observes_assets.installation import Installation
from observes_assets.postgres.roles import BILLING, acting
from observes_assets.sources.configured import unconfigured
from observes_assets.warehouse import build

if TYPE_CHECKING:
    from observes_assets.cli.graph import MainJob

_STREAMS = """
    select source || '/' || stream, count(*), sum(records_read)::bigint, sum(records_written)::bigint,
        sum(records_unchanged)::bigint, sum(records_deleted)::bigint, sum(records_quarantined)::bigint
    from landing.loads where run_id = any(%s) group by 1 order by min(load_id)
"""
_FAILED_REPOSITORIES = """
    select organization_name || '/' || group_name || '/' || nickname, reason
    from warehouse.repositories where outcome in ('failed', 'never') order by 1
"""
_STREAM_COLUMNS = ("stream", "batches", "read", "written", "unchanged", "deleted", "quarantined")


def summarize(
    connection: Connection, installation: Installation, job: "MainJob", started_at: datetime
) -> dict[str, Any]:
    """Gather what a run did into one document."""
    streams = connection.execute(_STREAMS, [job.run_ids]).fetchall()
    quiet = build.quiet_streams(installation.contracts)
    release = _release(connection, is_new=job.has_built)
    refused = connection.execute(
        "select source, stream, batch, reason from landing.batches join landing.refusals "
        "using (source, stream, batch) where state = 'refused' order by 1, 2, 3"
    ).fetchall()
    held = connection.execute("select who, why from landing.hold").fetchone()
    with acting(connection, BILLING):
        failed = connection.execute(_FAILED_REPOSITORIES).fetchall() if release else []
        bills = _bills(connection, installation, release["release_number"]) if release else []
    return {
        "ok": not (job.failures or job.failed_checks or job.stale_organizations or refused or failed),
        "seconds": round((datetime.now(UTC) - started_at).total_seconds(), 1),
        "home": str(installation.settings.home),
        "streams": [dict(zip(_STREAM_COLUMNS, row, strict=True)) for row in streams],
        "has_changed": any(row[3] or row[5] for row in streams if row[0] not in quiet),
        "checks_passed": job.checks_passed,
        "checks_failed": job.failed_checks,
        "checks_warned": job.warned_checks,
        "refused_batches": [
            dict(zip(("source", "stream", "batch", "reason"), row, strict=True)) for row in refused
        ],
        "stale_organizations": job.stale_organizations,
        "failed_sources": {name: error.message for name, error in job.failures.items()},
        "failed_repositories": [dict(zip(("repository", "reason"), row, strict=True)) for row in failed],
        "unconfigured_sources": unconfigured(installation.settings),
        "github": github.read(connection),
        "hold": {"who": held[0], "why": held[1]} if held else None,
        "release": release,
        "bills": bills,
    }


def _release(connection: Connection, *, is_new: bool) -> dict[str, Any] | None:
    """The release on show, with the streams that it shows as of an earlier time than it should."""
    row = connection.execute(
        "select release_number, published_at, coalesce(record -> 'stale', '{}') "
        "from landing.releases where is_on_show"
    ).fetchone()
    if row is None:
        return None
    return {"release_number": row[0], "published_at": row[1], "is_new": is_new, "stale": row[2]}


def _bills(connection: Connection, installation: Installation, release: int) -> list[dict[str, Any]]:
    """The newest month with an author or an amount among the written ones, and the current month."""
    months = connection.execute(
        "select distinct month_on from warehouse.billable_authors "
        "where rule = (select rule from warehouse.billing_settings) "
        "union select date_trunc('month', now() at time zone time_zone)::date "
        "from warehouse.billing_settings order by 1 desc limit 2"
    ).fetchall()
    return [month_json(preview(connection, installation.bucket, release, row[0])) for row in reversed(months)]


def show_summary(document: dict[str, Any]) -> None:
    """Print the document so that a person can read it."""
    release = document["release"]
    print_table("Landed", _STREAM_COLUMNS, [tuple(one.values()) for one in document["streams"]])
    _show_troubles(document)
    github.show(document["github"])
    for source, missing in document["unconfigured_sources"].items():
        out.print(f"[dim]{source} is not configured: {missing}.[/]", soft_wrap=True)
    if release and release["is_new"]:
        out.print(f"[bold green]Release {release['release_number']} is on show.[/]")
    elif release and not document["has_changed"]:
        out.print(f"[bold]Nothing has changed:[/] release {release['release_number']} stays on show.")
    elif release:
        out.print(f"Release {release['release_number']} stays on show.")
    for bill in document["bills"]:
        _show_bill(bill)
    out.print(
        f"{document['checks_passed']} checks passed, {len(document['checks_failed'])} failed. "
        f"Took {document['seconds']} s."
    )
    out.print(
        "[dim]Next: `observes status` · `observes bills` · `observes bills explain PERSON` · "
        "`observes up` opens the web UI and the docs.[/]"
    )


def _show_troubles(document: dict[str, Any]) -> None:
    for name, message in document["failed_sources"].items():
        out.print(f"[bold red]failed[/] {name}: {plain(message)}", soft_wrap=True)
    for stream, found in ((document["release"] or {}).get("stale") or {}).items():
        if found["since"]:
            out.print(
                f"[yellow]stale[/] {stream}, as of {found['since']}: {plain(found['why'])}", soft_wrap=True
            )
    for one in document["failed_repositories"]:
        out.print(f"[bold red]failed[/] {one['repository']}: {plain(one['reason'])}", soft_wrap=True)
    for one in document["refused_batches"]:
        out.print(
            f"[bold red]refused[/] batch {one['batch']} of {one['source']}/{one['stream']}: "
            f"{plain(one['reason'])}. `observes batch show {one['source']} {one['stream']} {one['batch']}`",
            soft_wrap=True,
        )
    for one in document["stale_organizations"]:
        out.print(f"[bold red]stale[/] bills of {plain(one)}", soft_wrap=True)
    for name in document["checks_failed"]:
        out.print(f"[bold red]check failed[/] {name}")
    for name in document["checks_warned"]:
        out.print(f"[yellow]check warned[/] {name}")
    if document["hold"]:
        out.print(
            f"[yellow]Publishing is on hold[/] by {plain(document['hold']['who'])}: "
            f"{plain(document['hold']['why'])}. "
            "`observes release publish` lifts the hold."
        )


def _show_bill(bill: dict[str, Any]) -> None:
    print_table(f"Owed for {bill['month']} ({bill['status']})", COLUMNS, owed_by_groups(bill))
