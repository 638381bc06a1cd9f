"""Put a release on show: one transaction, a few milliseconds, whatever the size.

No view is ever altered: ``warehouse_next`` is made with fresh views and takes the name ``warehouse`` by two
renames, which wait for no reader. Dropping what is no longer needed is ``retention``'s.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec
from psycopg import Connection, sql
from psycopg.types.json import Jsonb

from observes_assets.bucket import Bucket
from observes_assets.errors import PublishRefusedError
from observes_assets.postgres.locks import BUILD, session_lock
from observes_assets.postgres.roles import BUILDER, PUBLISHER, grant_reader
from observes_assets.warehouse import gate
from observes_assets.warehouse.gate import CANDIDATE

WAREHOUSE = "warehouse"


@dataclass(frozen=True)
class Release:
    """A published set of marts; ``record`` is what the bucket keeps of it."""

    number: int
    record: dict[str, Any]


def schema_of(release: int) -> str:
    """The schema that holds a release."""
    return f"release_{release}"


def publish_candidate(
    connection: Connection, bucket: Bucket, *, accepted_loss: dict[str, str] | None = None
) -> Release:
    """Publish the candidate, if it is whole, tested and nobody holds publishing.

    Args:
        accepted_loss: ``who`` accepts that marts lost more rows than they may, and ``why``; it is recorded.

    Raises:
        PublishRefusedError: says which of these is not so; the release on show stays.
    """
    with session_lock(connection, BUILD, what="The build"):
        record_releases(connection, bucket)
        floor = _last_recorded(bucket)
        try:
            with connection.transaction():
                build = _require_publishable(connection, accepted_loss)
                number = 1 + max(floor, _last_number(connection))
                record = _record(number, build)
                _rename(connection, CANDIDATE, schema_of(number))
                _shut_out_builder(connection, schema_of(number))
                connection.execute(
                    "insert into landing.releases "
                    "(release_number, state, as_of, inputs_sha256, record, published_at) "
                    "values (%s, 'published', %s, %s, %s, %s)",
                    [number, build["as_of"], build["inputs_sha256"], Jsonb(record), record["published_at"]],
                )
                _show(connection, number)
                connection.execute("update landing.build set state = 'published', reason = null")
        except PublishRefusedError as refused:
            # So that whoever asks for bills alone is told.
            connection.execute(
                "update landing.build set reason = %s where state = 'built'", [refused.message]
            )
            raise
        record_releases(connection, bucket)
    return Release(number, record)


def published_by_another(connection: Connection) -> Release | None:
    """What became of the newest build, if another process has published it meanwhile and nobody holds it."""
    row = connection.execute(
        "select r.release_number, r.record from landing.releases as r "
        "join landing.build as b on r.record ->> 'invocation_id' = b.invocation_id "
        "where b.state = 'published' and r.is_on_show and not exists (select from landing.hold)"
    ).fetchone()
    return Release(*row) if row else None


def _require_publishable(connection: Connection, accepted_loss: dict[str, str] | None) -> dict[str, Any]:
    cursor = connection.execute("select * from landing.build for update")
    names = [column.name for column in cursor.description or []]
    build = dict(zip(names, cursor.fetchone() or (), strict=True))
    if held := connection.execute("select who, why from landing.hold").fetchone():
        raise PublishRefusedError(
            f"Publishing is on hold by {held[0]}: {held[1]}.", "`observes release publish` lifts the hold."
        )
    if build["state"] != "built":
        reason = build["reason"] or {"published": "it is published already"}.get(
            build["state"], "none was built"
        )
        raise PublishRefusedError(
            f"There is no good candidate to publish: {reason}.", "Run `observes run`; docs/runbook.md helps."
        )
    required = gate.require_whole(connection, build)
    stale = gate.stale_streams(connection, required, build["as_of"])
    gate.require_fresh(required, stale, required.marts)
    lost = gate.lost_rows(connection, required, build["marts"])
    if lost and accepted_loss is None:
        raise PublishRefusedError(
            f"Marts lost more of their rows than they may: {', '.join(lost)}.",
            'If that is right: `observes release accept --why "…"`. Else: docs/runbook.md#publishable',
        )
    return build | {
        "stale": stale,
        "accepted_loss": {**accepted_loss, "marts": lost} if accepted_loss else None,
    }


def _record(number: int, build: dict[str, Any]) -> dict[str, Any]:
    return {
        "release_number": number,
        "published_at": datetime.now(UTC).isoformat(),
        "as_of": build["as_of"],
        "as_of_at": build["as_of_at"].isoformat() if build["as_of_at"] else None,
        "as_of_batches": build["as_of_batches"],
        "inputs_sha256": build["inputs_sha256"],
        "identity": build["identity"],
        "invocation_id": build["invocation_id"],
        "marts": build["marts"],
        "personal_columns": build["requirements"].get("personal_columns", {}),
        "stale": build["stale"],
        "accepted_loss": build["accepted_loss"],
    }


def _show(connection: Connection, number: int) -> None:
    """Make ``warehouse`` show a release, inside the caller's transaction."""
    record = require_published(connection, number)
    marts = sorted(record["marts"])
    fresh, schema = f"{WAREHOUSE}_next", schema_of(number)
    connection.execute(sql.SQL("drop schema if exists {} cascade").format(sql.Identifier(fresh)))
    connection.execute(
        sql.SQL("create schema {} authorization {}").format(sql.Identifier(fresh), sql.Identifier(PUBLISHER))
    )
    for mart in marts:
        connection.execute(
            sql.SQL("create view {} as select * from {}").format(
                sql.Identifier(fresh, mart), sql.Identifier(schema, mart)
            )
        )
    connection.execute(
        sql.SQL(
            "create view {} as select {}::bigint as release_number, {}::timestamptz as published_at"
        ).format(sql.Identifier(fresh, "release"), number, record["published_at"])
    )
    personal = record.get("personal_columns", {})
    grant_reader(connection, schema, marts, personal)
    grant_reader(connection, fresh, [*marts, "release"], personal)
    _retire_warehouse(connection)
    _rename(connection, fresh, WAREHOUSE)
    connection.execute("update landing.releases set is_on_show = false where is_on_show")
    connection.execute("update landing.releases set is_on_show = true where release_number = %s", [number])


def require_published(connection: Connection, number: int) -> dict[str, Any]:
    """The record of a release that is there.

    Raises:
        PublishRefusedError: it isn't, or not any more.
    """
    release = connection.execute(
        "select record from landing.releases where release_number = %s and state = 'published'", [number]
    ).fetchone()
    if release is None:
        raise _not_there(connection, number)
    return dict(release[0])


def _not_there(connection: Connection, number: int) -> PublishRefusedError:
    found = connection.execute(
        "select state from landing.releases where release_number = %s", [number]
    ).fetchone()
    if found is None:
        return PublishRefusedError(f"There is no release {number}.", "`observes release list` shows them.")
    return PublishRefusedError(
        f"Release {number} is {found[0]}: only what it was made of is kept.",
        "Choose one that is published: `observes release list` shows them.",
    )


def _retire_warehouse(connection: Connection) -> None:
    row = connection.execute(
        "select 'warehouse_retired_' || txid_current()::text from pg_namespace where nspname = %s",
        [WAREHOUSE],
    ).fetchone()
    if row:
        _rename(connection, WAREHOUSE, row[0])


def _rename(connection: Connection, old: str, new: str) -> None:
    connection.execute(
        sql.SQL("alter schema {} rename to {}").format(sql.Identifier(old), sql.Identifier(new))
    )


def _shut_out_builder(connection: Connection, schema: str) -> None:
    """Its tables are the publisher's since they were tested; now the builder can add none either."""
    connection.execute(
        sql.SQL("revoke all on schema {} from {}").format(sql.Identifier(schema), sql.Identifier(BUILDER))
    )


def roll_back(connection: Connection, number: int, *, who: str, why: str) -> None:
    """Show an earlier release, and hold publishing until a person resumes it.

    Raises:
        PublishRefusedError: that release is not there any more.
    """
    with session_lock(connection, BUILD, what="The build"), connection.transaction():
        _show(connection, number)
        connection.execute(
            "insert into landing.hold (who, why, held_at) values (%s, %s, clock_timestamp()) "
            "on conflict (is_only) do update "
            "set (who, why, held_at) = (excluded.who, excluded.why, excluded.held_at)",
            [who, why],
        )


def resume(connection: Connection, number: int | None = None) -> int:
    """Lift the hold and show a release, by default the newest; returns its number.

    Raises:
        PublishRefusedError: there is no such release.
    """
    with session_lock(connection, BUILD, what="The build"), connection.transaction():
        shown = newest_release(connection) if number is None else number
        _show(connection, shown)
        connection.execute("delete from landing.hold")
    return shown


def newest_release(connection: Connection) -> int:
    """Number of the newest release.

    Raises:
        PublishRefusedError: there is none.
    """
    number = _last_number(connection)
    if number == 0:
        raise PublishRefusedError("Nothing has been published yet.", "Run `observes run`.")
    return number


def record_releases(connection: Connection, bucket: Bucket) -> None:
    """Put the records of published releases into the bucket, those of a killed run too."""
    rows = connection.execute(
        "select release_number, record from landing.releases where not is_recorded order by 1"
    ).fetchall()
    for number, record in rows:
        bucket.put_new(f"releases/{number:010}.json", msgspec.json.encode(record))
        connection.execute(
            "update landing.releases set is_recorded = true where release_number = %s", [number]
        )


def _last_recorded(bucket: Bucket) -> int:
    names = list(bucket.names("releases/"))
    return int(names[-1].removeprefix("releases/").removesuffix(".json")) if names else 0


def _last_number(connection: Connection) -> int:
    row = connection.execute("select coalesce(max(release_number), 0) from landing.releases").fetchone()
    assert row is not None
    return int(row[0])
