"""The publish gate: what a candidate must show before readers may see it.

The requirements are written into ``landing.build`` before dbt starts, from the manifest and the contracts;
what came of them lies in ``landing.check_results`` under the invocation. ``publish`` asks here, in its own
transaction, whether both agree, so it does not matter who launched what, and in which order.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
from psycopg import Connection
from psycopg.types.json import Jsonb

from observes_assets.contracts import Contract, StreamContract
from observes_assets.errors import PublishRefusedError

CANDIDATE = "candidate"
DISCLOSURE = "marts disclose nothing"
"""What the gate calls the look for people and secrets in the candidate's text."""
REMEDY = "docs/runbook.md#publishable tells what to do."
_MAY_GO = 10
"""So many rows may always go: shares of a handful say nothing."""


class Requirements(msgspec.Struct, frozen=True, kw_only=True):
    """What a candidate must show.

    Args:
        marts: every mart.
        tables: every model that is a table, the marts among them.
        checks: everything that must have passed: models, blocking tests, the structure of raw streams.
        required_fresh: streams by the mart or bill that is not made without them.
        fail_after_seconds: the age from which a stream is stale, by stream.
        lost_shares: the share (0 to 1) of its rows that a mart may lose from release to release.
        personal_columns: columns that show people in plain text, by mart: readers don't see them.
    """

    marts: list[str] = []
    tables: list[str] = []
    checks: list[str] = []
    required_fresh: dict[str, list[str]] = {}
    fail_after_seconds: dict[str, float] = {}
    lost_shares: dict[str, float] = {}
    personal_columns: dict[str, list[str]] = {}


def structure_check(stream: StreamContract) -> str:
    """What the gate calls check ``structure`` of a raw stream."""
    return f"structure of {stream.source}/{stream.name}"


def requirements(manifest: Mapping[str, Any], contracts: Mapping[str, Contract]) -> Requirements:
    """What a candidate of this project, made under these contracts, must show."""
    nodes = manifest["nodes"].values()
    models = [node for node in nodes if node["resource_type"] == "model"]
    marts = [node for node in models if node["fqn"][1] == "marts"]
    streams = [stream for one in contracts.values() for stream in one.streams.values()]
    consumers = [*marts, *manifest.get("exposures", {}).values()]
    return Requirements(
        marts=sorted(node["name"] for node in marts),
        tables=sorted(node["name"] for node in models if node["config"]["materialized"] == "table"),
        checks=sorted(
            [node["name"] for node in models]
            + [node["name"] for node in nodes if is_blocking(node) and node["resource_type"] == "test"]
            + [structure_check(stream) for stream in streams]
            + [DISCLOSURE]
        ),
        required_fresh={
            node["name"]: required for node in consumers if (required := _meta(node).get("required_fresh"))
        },
        # What Observes notes of itself arises when it arises.
        fail_after_seconds={
            f"{stream.source}/{stream.name}": stream.freshness.fail.total_seconds()
            for stream in streams
            if stream.calls_for_build
        },
        lost_shares={node["name"]: float(_meta(node).get("maximum_lost_share", 1)) for node in marts},
        personal_columns={node["name"]: hidden for node in marts if (hidden := _personal(node))},
    )


def is_blocking(node: Mapping[str, Any]) -> bool:
    """Whether nothing is published if this dbt node fails: a model, or a test that doesn't only warn."""
    severity = node["config"].get("severity") or "ERROR"
    return node["resource_type"] == "model" or severity.upper() == "ERROR"


def _personal(node: Mapping[str, Any]) -> list[str]:
    columns = node["columns"].items()
    return [name for name, column in columns if _meta(column).get("classification") == "personal"]


def _meta(node: Mapping[str, Any]) -> dict[str, Any]:
    return dict(node["config"].get("meta") or {})


def read(connection: Connection) -> Requirements:
    """What the newest build had to show."""
    row = connection.execute("select requirements from landing.build").fetchone()
    assert row is not None
    return msgspec.convert(row[0], Requirements)


def built(connection: Connection) -> dict[str, Any]:
    """What a build ended with: its as-of, its invocation, and the file that holds each table."""
    row = connection.execute(
        """
        select jsonb_build_object('as_of', as_of, 'invocation_id', invocation_id, 'files', (
            select coalesce(jsonb_object_agg(relname, pg_relation_filenode(oid)), '{}') from pg_class
            where relnamespace = to_regnamespace(%s) and relkind = 'r'
        ))
        from landing.build
        """,
        [CANDIDATE],
    ).fetchone()
    assert row is not None
    return dict(row[0])


def require_whole(connection: Connection, build: Mapping[str, Any]) -> Requirements:
    """Refuse a candidate that is not, all of it, what one invocation built and tested as of one load.

    Args:
        build: the row of ``landing.build``, which the caller has locked.

    Raises:
        PublishRefusedError: says what is missing, has failed, or is another than was tested.
    """
    required = msgspec.convert(build["requirements"], Requirements)
    before, now = build["built"], built(connection)
    if not required.marts or (before.get("as_of"), before.get("invocation_id")) != (
        now["as_of"],
        now["invocation_id"],
    ):
        raise PublishRefusedError("The candidate is not of the build that is written down.", REMEDY)
    if lacking := sorted(set(required.tables) - now["files"].keys()):
        raise PublishRefusedError(f"The candidate lacks {', '.join(lacking)}.", REMEDY)
    if others := sorted(name for name in required.tables if now["files"][name] != before["files"].get(name)):
        raise PublishRefusedError(f"Made anew since it was tested: {', '.join(others)}.", REMEDY)
    if failed := _not_passed(connection, build["invocation_id"], required.checks):
        raise PublishRefusedError(f"Checks of the candidate failed: {', '.join(failed)}.", REMEDY)
    return required


def _not_passed(connection: Connection, invocation: str, required: list[str]) -> list[str]:
    """Blocking checks of an invocation that failed, and required ones of which nothing is known."""
    rows = connection.execute(
        """
        select coalesce(c.check_name, required.name || ' (never run)')
        from unnest(%s::text[]) as required (name)
        full join (select * from landing.check_results where invocation_id = %s) as c
            on c.check_name = required.name
        where (c.status in ('success', 'pass')) is not true and (c.is_blocking or required.name is not null)
        order by 1
        """,
        [required, invocation],
    )
    return [row[0] for row in rows]


def stale_streams(connection: Connection, required: Requirements, as_of: int) -> dict[str, dict[str, Any]]:
    """Streams whose newest good load as of a load id is not what it should be: since when, and why.

    A stream waits for a person, or was last read well longer ago than its contract allows, or never loaded
    (``since`` is None).
    """
    rows = connection.execute(
        """
        select p.stream, greatest(newest.extracted_until, tried.last_good_at), waiting.batches,
            clock_timestamp() - greatest(newest.extracted_until, tried.last_good_at)
                > make_interval(secs => p.seconds::double precision)
        from jsonb_each_text(%(streams)s) as p (stream, seconds)
        left join lateral (
            select l.extracted_until from landing.loads as l
            where l.source = split_part(p.stream, '/', 1) and l.stream = split_part(p.stream, '/', 2)
                and l.load_id <= %(as_of)s
            order by l.load_id desc limit 1
        ) as newest on true
        -- A stream that was looked at and had nothing new has no load, and is as fresh.
        left join landing.attempts as tried
            on tried.source = split_part(p.stream, '/', 1) and tried.stream = split_part(p.stream, '/', 2)
        cross join lateral (
            select count(*) as batches from landing.batches as b
            where b.source = split_part(p.stream, '/', 1) and b.stream = split_part(p.stream, '/', 2)
                and b.state in ('refused', 'accepted')
        ) as waiting
        order by 1
        """,
        {"streams": Jsonb(required.fail_after_seconds), "as_of": as_of},
    ).fetchall()
    return {
        stream: {"since": since.isoformat() if since else None, "why": why}
        for stream, since, waiting, is_late in rows
        if (why := _why_stale(since, waiting, is_late))
    }


def _why_stale(since: Any, waiting: int, is_late: bool | None) -> str | None:
    if waiting:
        return f"{waiting} batches wait for a decision"
    if since is None:
        return "it never loaded"
    return "it was read longer ago than the contract allows" if is_late else None


def require_fresh(required: Requirements, stale: Mapping[str, Any], consumers: list[str]) -> None:
    """Refuse what is not to be made without streams that are stale.

    Raises:
        PublishRefusedError: names the mart or bill, the stream, and why it is stale.
    """
    for consumer in consumers:
        for stream in required.required_fresh.get(consumer, []):
            if found := stale.get(stream.replace(".", "/")):
                raise PublishRefusedError(
                    f"{consumer} is not made without fresh {stream}, which is stale since "
                    f"{found['since'] or 'ever'}: {found['why']}.",
                    REMEDY,
                )


def lost_rows(connection: Connection, required: Requirements, marts: Mapping[str, Any]) -> list[str]:
    """Marts that hold fewer rows than the release on show by more than they may, in words."""
    row = connection.execute("select record -> 'marts' from landing.releases where is_on_show").fetchone()
    before = {mart: one["rows"] for mart, one in row[0].items()} if row else {}
    return [
        f"{mart} (expected about {before[mart]} rows, found {one['rows']})"
        for mart, one in sorted(marts.items())
        if before.get(mart, 0) - one["rows"]
        > max(_MAY_GO, required.lost_shares.get(mart, 1) * before.get(mart, 0))
    ]
