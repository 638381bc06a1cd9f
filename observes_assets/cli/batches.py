"""``observes batch``: what is in the archive, and how a person ends a refusal."""

import getpass
from datetime import UTC, datetime
from typing import Annotated, Literal

import msgspec
import typer

from observes_assets.archive import Decision, Manifest
from observes_assets.cli.output import Json, out, plain, print_json, print_table
from observes_assets.errors import SettingsError
from observes_assets.installation import Installation
from observes_assets.postgres.roles import LOADER
from observes_assets.sources.observes.recording import record
from observes_assets.sources.observes.streams import accepted_or_rejected

app = typer.Typer(
    help="Batches: list them, see why one was refused, accept or reject it.", no_args_is_help=True
)

Source = Annotated[str, typer.Argument(help="For example: git")]
Stream = Annotated[str, typer.Argument(help="For example: commits")]
Number = Annotated[int, typer.Argument(help="The batch's number.")]
Why = Annotated[str, typer.Option(help="The reason; it is kept beside the batch for ever.")]
State = Literal["pending", "landed", "refused", "accepted", "rejected"]
_COLUMNS = ("source", "stream", "batch", "scope", "state", "records", "extracted_until", "reason")


@app.command("list")
def list_batches(
    as_json: Json = False,
    limit: Annotated[int, typer.Option(min=1, help="How many, the newest first.")] = 50,
    state: Annotated[State | None, typer.Option(help="Only batches in this state.")] = None,
) -> None:
    """List batches, those that wait for a decision first.

    Example: observes batch list --state refused
    """
    with Installation.from_environment().opened("batch list", role=LOADER) as connection:
        rows = connection.execute(
            """
            select b.source, b.stream, b.batch, b.scope, b.state, (b.manifest ->> 'record_count')::bigint,
                (b.manifest ->> 'extracted_until')::timestamptz, r.reason
            from landing.batches as b left join landing.refusals as r using (source, stream, batch)
            where %(state)s::text is null or b.state = %(state)s
            order by b.state <> 'refused', 7 desc, 1, 2, 3 desc limit %(limit)s
            """,
            {"state": state, "limit": limit},
        ).fetchall()
    if as_json:
        print_json([dict(zip(_COLUMNS, row, strict=True)) for row in rows])
    else:
        print_table("Batches", _COLUMNS, rows)


@app.command("show")
def show(source: Source, stream: Stream, number: Number, as_json: Json = False) -> None:
    """Show a batch: its manifest, and why it was refused, with samples.

    Example: observes batch show git commits 7
    """
    with Installation.from_environment().opened("batch show", role=LOADER) as connection:
        row = connection.execute(
            "select b.state, b.manifest, r.reason, r.counts, r.samples "
            "from landing.batches as b left join landing.refusals as r using (source, stream, batch) "
            "where (source, stream, batch) = (%s, %s, %s)",
            [source, stream, number],
        ).fetchone()
    if row is None:
        raise _unknown(source, stream, number)
    state, manifest, reason, counts, samples = row
    if as_json:
        print_json(
            {"state": state, "manifest": manifest, "reason": reason, "counts": counts, "samples": samples}
        )
        return
    print_table(f"Batch {number} of {source}/{stream}: {state}", ("field", "value"), manifest.items())
    if reason:
        out.print(f"Refused: {plain(reason)}", soft_wrap=True)
        print_table(
            "Samples",
            ("line", "key", "path", "reason"),
            [(one.get("line"), one.get("key"), one.get("path"), one.get("reason")) for one in samples],
        )


@app.command("accept")
def accept(source: Source, stream: Stream, number: Number, why: Why) -> None:
    """Let a refused batch land although it passes the contract's limits.

    Example: observes batch accept git commits 7 --why "the project was deleted on purpose"
    """
    _decide(source, stream, number, "accept", why)
    out.print(f"Batch {number} of {source}/{stream} lands with the next `observes run`.")


@app.command("reject")
def reject(source: Source, stream: Stream, number: Number, why: Why) -> None:
    """Never land a refused batch; the next extraction reads its window again.

    Example: observes batch reject git commits 7 --why "the vendor sent an empty page"
    """
    _decide(source, stream, number, "reject", why)
    out.print(f"Batch {number} of {source}/{stream} never lands; `observes run` reads its window again.")


def _decide(source: str, stream: str, number: int, verdict: Literal["accept", "reject"], why: str) -> None:
    installation = Installation.from_environment()
    with installation.opened(f"batch {verdict}", role=LOADER) as connection:
        row = connection.execute(
            "select b.state, b.manifest, r.counts = '{}' "
            "from landing.batches as b left join landing.refusals as r using (source, stream, batch) "
            "where (source, stream, batch) = (%s, %s, %s)",
            [source, stream, number],
        ).fetchone()
        if row is None:
            raise _unknown(source, stream, number)
        if row[0] != "refused":
            raise SettingsError(
                f"Batch {number} of {source}/{stream} is {row[0]}, so there is nothing to decide."
            )
        if verdict == "accept" and row[2]:
            raise SettingsError(
                f"Batch {number} of {source}/{stream} can't be accepted: its bytes are not as promised.",
                "Restore its object in the bucket, or reject it.",
            )
        manifest = msgspec.convert(row[1], Manifest)
        decision = Decision(verdict=verdict, who=getpass.getuser(), why=why, decided_at=datetime.now(UTC))
        if not installation.archive.decide(manifest, decision):
            raise SettingsError(
                f"Batch {number} of {source}/{stream} was decided before.", "Run `observes run`."
            )
        record(installation, connection, "decisions", [accepted_or_rejected(manifest, decision)])


def _unknown(source: str, stream: str, number: int) -> SettingsError:
    return SettingsError(
        f"There is no batch {number} of {source}/{stream}.", "`observes batch list` shows what there is."
    )
