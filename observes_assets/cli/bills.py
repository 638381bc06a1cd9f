"""``observes bills``: what groups owe, and why a person is on a bill."""

import re
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from observes_assets.cli.output import Json, out, plain, print_json, print_table
from observes_assets.errors import ObservesError, SettingsError
from observes_assets.installation import Installation
from observes_assets.postgres.roles import BILLING

app = typer.Typer(help="Bills: what each group owes for a month, and why.", invoke_without_command=True)

COLUMNS = ("organization", "group", "authors", "amount")

Month = Annotated[str | None, typer.Option("--month", metavar="YYYY-MM", help="Default: the current month.")]


@app.callback()
def bills(
    context: typer.Context,
    month: Month = None,
    to: Annotated[
        Path | None, typer.Option("--out", help="Write the month's CSV files and summary here.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show what each group owes for a month; a month that no run wrote is computed as a preview.

    Examples: observes bills --month 2026-10 · observes bills --month 2026-10 --out ./october
    """
    if context.invoked_subcommand:
        return
    from observes_assets.billing.files import month_json, write_out  # noqa: PLC0415
    from observes_assets.billing.job import preview  # noqa: PLC0415

    asked = _asked(month)
    installation = Installation.from_environment()
    with installation.opened("bills", role=BILLING) as connection:
        release = _release_on_show(connection)
        bill = preview(connection, installation.bucket, release, _month(asked, connection))
    if to is not None:
        try:
            write_out(bill, to)
        except OSError as error:
            raise SettingsError(
                f"{to} can't be written: {error.strerror}.", "Give --out a folder that you may write."
            ) from None
    document = month_json(bill)
    if as_json:
        print_json(document)
        return
    _show(document)
    if to is not None:
        out.print(f"Files are in {plain(to)}.", soft_wrap=True)


@app.command("explain")
def explain(
    person: Annotated[str, typer.Argument(help="An e-mail address or a name.")],
    month: Month = None,
    as_json: Json = False,
) -> None:
    """Say why a person is on a bill, or is not: group by group, commit by commit.

    Example: observes bills explain jane@example.com --month 2026-10
    """
    from observes_assets.billing.explain import explain as explain_person  # noqa: PLC0415

    asked = _asked(month)
    installation = Installation.from_environment()
    with installation.opened("bills explain") as connection:
        found = explain_person(connection, _release_on_show(connection), person, asked)
    if as_json:
        print_json(found)
        return
    for one in found.people:
        print_table(
            f"{one.email}: bills",
            ("month", "organization", "group", "counts", "why not", "share", "proof", "repository"),
            [
                (
                    f"{v.month:%Y-%m}",
                    v.organization,
                    v.group,
                    "yes" if v.counts else "no",
                    v.why_not or v.note,
                    f"{v.amount} {v.currency}" if v.amount is not None else None,
                    v.commit[:12],
                    v.repository,
                )
                for v in one.verdicts
            ],
        )
        print_table(
            f"{one.email}: commits",
            ("commit", "repository", "seen", "answer", "why"),
            [
                (c.commit.sha[:12], c.commit.repository, c.commit.seen_at, c.answer, c.detail)
                for c in one.commits
            ],
        )


def _release_on_show(connection: Any) -> int:
    row = connection.execute("select release_number from landing.releases where is_on_show").fetchone()
    if row is None:
        raise ObservesError("No release is on show, so there is nothing to bill from.", "Run `observes run`.")
    return int(row[0])


def _month(month: date | None, connection: Any) -> date:
    if month is None:
        row = connection.execute(
            "select (now() at time zone (select time_zone from warehouse.billing_settings))::date"
        ).fetchone()
        if row is None or row[0] is None:
            raise ObservesError("The release on show holds no portfolio.", "Run `observes run`.")
        return row[0].replace(day=1)  # type: ignore[no-any-return]
    return month


def _asked(text: str | None) -> date | None:
    if text is None:
        return None
    # A calendar's month, and not one at the end of what a date can hold.
    if not re.fullmatch(r"[12][0-9]{3}-(0[1-9]|1[0-2])", text):
        raise SettingsError(f"{text!r} is not a month.", "Write it as 2026-10.")
    return date.fromisoformat(f"{text}-01")


def _show(document: dict[str, Any]) -> None:
    revision = f", revision {document['revision']}" if document["revision"] else ""
    out.print(
        f"[bold]{document['month']}[/]: {document['status']}{revision}, rule {document['rule']}, "
        f"release {document['release']}"
    )
    rows = []
    for organization in document["organizations"]:
        rows += [_owed(organization, group["name"], group) for group in organization["groups"]]
        rows.append(_owed(organization, "total", organization))
    print_table("What each group owes", COLUMNS, rows)
    show_stale(document)


def owed_by_groups(document: dict[str, Any]) -> list[tuple[Any, ...]]:
    """A row of ``COLUMNS`` for each group of a month's document."""
    return [
        _owed(organization, group["name"], group)
        for organization in document["organizations"]
        for group in organization["groups"]
    ]


def show_stale(document: dict[str, Any]) -> None:
    """Say which organizations' figures are not of this release, since when and why."""
    for organization in document["organizations"]:
        if stale := organization.get("stale"):
            what = "has no bill yet" if organization["amount"] is None else "is stale"
            since = f" since {stale['since'][:16].replace('T', ' ')} UTC" if stale["since"] else ""
            out.print(
                f"[bold red]{what}[/] {organization['name']}{since}: {plain(stale['why'])}", soft_wrap=True
            )


def _owed(organization: dict[str, Any], name: str, figures: dict[str, Any]) -> tuple[Any, ...]:
    # A stopped organization that was never billed has no figures: not even zero.
    amount = None if figures["amount"] is None else f"{figures['amount']} {organization['currency']}"
    return organization["name"], name, figures["authors"], amount
