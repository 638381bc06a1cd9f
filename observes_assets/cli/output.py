"""How the command line speaks: tables for people, ``--json`` for machines, failures in one line."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

# Into a pipe or a file there is no width to keep to; eighty columns would break every id.
_WIDTH = None if sys.stdout.isatty() else 160
out = Console(highlight=False, width=_WIDTH)
err = Console(stderr=True, highlight=False)

Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]


def print_json(document: Any) -> None:
    """Print one JSON document; times as ISO 8601, Decimals as strings."""
    typer.echo(msgspec.json.format(msgspec.json.encode(document, enc_hook=_encode), indent=2).decode())


def _encode(value: Any) -> Any:
    if isinstance(value, Decimal):
        return str(value)
    raise NotImplementedError


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Print a table that a person can read; an empty one says so."""
    found = [[_cell(value) for value in row] for row in rows]
    if not found:
        out.print(f"{plain(title)}: none")
        return
    table = Table(title=plain(title), title_justify="left", header_style="bold", box=None, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in found:
        table.add_row(*row)
    out.print(table)


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    if isinstance(value, Mapping):
        return " ".join(f"{key}={one}" for key, one in value.items())
    return plain(value)


def plain(value: object) -> str:
    """Text for rich that shows as it is: a reason or a name may hold what rich takes for markup."""
    return escape(str(value))


def complain(message: str, remedy: str = "") -> None:
    """Say on stderr what is wrong and what to do."""
    err.print(f"[bold red]observes:[/] {plain(message)}", soft_wrap=True)
    if remedy:
        err.print(f"[dim]→[/] {plain(remedy)}", soft_wrap=True)
