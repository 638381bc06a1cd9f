"""Days as Dagster shows them: a partition each, filled when the day has landed; a gap is a day that has not.

The bucket knows which days there are, and Postgres has a copy; what Dagster shows is a copy of that, brought
up to date after each reading.
"""

from collections.abc import Iterable
from datetime import date

from dagster import (
    AssetExecutionContext,
    AssetKey,
    AssetMaterialization,
    DynamicPartitionsDefinition,
)
from psycopg import Connection

from observes_assets.sources.timedoctor.days import between
from observes_assets.sources.timedoctor.reading import landed

# Not a daily one: that wants to know the first day before anybody has looked into settings or archive.
PARTITIONS = DynamicPartitionsDefinition(name="timedoctor_days")
DAYS = AssetKey(["timedoctor", "days"])
_SHOWN = "worklogs"


def show(
    context: AssetExecutionContext,
    connection: Connection,
    company: str,
    *,
    first: date,
    yesterday: date,
    but: Iterable[date] = (),
) -> None:
    """Make a partition of each day up to yesterday, and fill those that have landed.

    Args:
        first: from here on there is a partition, landed or not.
        but: days that the caller fills itself.
    """
    present = landed(connection, _SHOWN, company)
    begin = min([first, *present])
    context.instance.add_dynamic_partitions(
        str(PARTITIONS.name), [day.isoformat() for day in between(begin, yesterday)]
    )
    shown = context.instance.get_materialized_partitions(DAYS)
    for day in sorted(present - set(but)):
        if day <= yesterday and day.isoformat() not in shown:
            context.log_event(
                AssetMaterialization(DAYS, partition=day.isoformat(), description="Has landed.")
            )
