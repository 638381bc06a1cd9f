"""What the last observation of GitHub said: places that could not be read, and what is left of its limits."""

from typing import Any

from psycopg import Connection

from observes_assets.cli.output import out, plain

_NEWEST = """
    select r.record from landing.github__observations as v
    join raw_github.observations as r on r.load_id = v.content_load_id and r.record_key = v.record_key
    where v.superseded_by is null and not v.is_deleted and (
        r.record ->> 'outcome' <> 'ok' or r.record ->> 'place' = 'account'
    )
    order by r.record ->> 'name'
"""


def read(connection: Connection) -> dict[str, Any]:
    """Places that are not ok with their reasons, and the account's quotas."""
    records = [row[0] for row in connection.execute(_NEWEST)]
    return {
        "places": [
            {
                "place": f"{one['place']} {one['name']}",
                "outcome": one["outcome"],
                "reasons": [reason["reason"] for reason in one["reasons"]],
            }
            for one in records
            if one["place"] != "account"
        ],
        "quotas": [quota for one in records for quota in one["quotas"]],
    }


def show(document: dict[str, Any]) -> None:
    """Print it; nothing, if GitHub was never read."""
    for one in document["places"]:
        word = "[bold red]failed[/]" if one["outcome"] == "failed" else f"[yellow]{one['outcome']}[/]"
        reasons = "; ".join(one["reasons"]) or "a limit of GitHub is used up; the next run goes on"
        out.print(f"{word} {plain(one['place'])}: {plain(reasons)}", soft_wrap=True)
    left = [f"{one['remaining']} of {one['limit']} {one['resource']}" for one in document["quotas"]]
    if left:
        out.print(f"[dim]GitHub's hourly limits: {', '.join(left)} left.[/]")
