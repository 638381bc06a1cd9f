"""``observes contract``: what sources promise, whether they say it completely, and what a change means."""

from pathlib import Path
from typing import Annotated, Any

import typer

from observes_assets import contracts
from observes_assets.cli.contract_details import details, show_details
from observes_assets.cli.output import Json, out, plain, print_json, print_table
from observes_assets.contracts import Contract
from observes_assets.contracts.differences import compare
from observes_assets.contracts.document import FILE
from observes_assets.errors import SettingsError
from observes_assets.installation import SOURCES
from observes_assets.version import PACKAGE

app = typer.Typer(
    help="Contracts: what sources promise, whether they say it all, what a change breaks.",
    no_args_is_help=True,
)
Place = Annotated[str, typer.Argument(help="A source's name, a contract.yaml, or the folder of one.")]


@app.command("lint")
def lint_contracts(
    places: Annotated[
        list[str] | None,
        typer.Argument(
            help="Sources' names, contract.yaml files or their folders; without one, all sources."
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Say what contracts lack: source, stream, field, the problem, and what to do. Ends with 1 if any does.

    Examples: observes contract lint          observes contract lint git drafts/shop.yaml
    """
    from observes_assets.contracts.lint import lint  # noqa: PLC0415 - a sixth of a second, for nobody else

    files = [_file(place) for place in places or SOURCES]
    found = [finding for path in files for finding in lint(_source(path), _read(path))]
    if as_json:
        print_json([{"place": one.place, **vars(one)} for one in found])
    else:
        for one in found:
            out.print(
                f"[bold]{plain(one.place)}[/]: {plain(one.problem)}. {plain(one.remedy)}", soft_wrap=True
            )
        lacking = len({one.source for one in found})
        out.print(
            f"{len(files)} contracts, {lacking} incomplete" if found else f"{len(files)} contracts: complete"
        )
    if found:
        raise typer.Exit(1)


@app.command("list")
def list_contracts(as_json: Json = False) -> None:
    """List sources with who answers for them.

    Example: observes contract list
    """
    rows = [_summary(contracts.load(source)) for source in SOURCES]
    if as_json:
        print_json(rows)
    else:
        print_table("Contracts", list(rows[0]), [list(row.values()) for row in rows])


@app.command("show")
def show(place: Place, as_json: Json = False) -> None:
    """Show a contract: who answers, what it is for, what each stream and field promises.

    Examples: observes contract show git      observes contract show git --json
    """
    contract = _contract(place)
    if as_json:
        print_json(details(contract))
    else:
        show_details(contract)


@app.command("diff")
def diff(old: Place, new: Place, as_json: Json = False) -> None:
    """List what changed between two contracts; ends with 1 if a change breaks what was promised.

    Example, in CI:

        git show origin/main:observes_assets/sources/git/contract.yaml > old.yaml
        observes contract diff old.yaml git
    """
    found = compare(_contract(old), _contract(new))
    breaking = [one for one in found if one.is_breaking]
    if as_json:
        print_json([vars(one) for one in found])
    elif not found:
        out.print("Nothing that is promised has changed.")
    else:
        rows = [
            ("breaking" if one.is_breaking else "compatible", one.place or "-", one.change) for one in found
        ]
        print_table("Changes", ("", "where", "what"), rows)
    if breaking:
        raise typer.Exit(1)


@app.command("new")
def new(
    name: Annotated[str, typer.Argument(help="The new source's name: the vendor's, in snake_case.")],
    answers: Annotated[
        Path | None, typer.Option(help="Answers in a YAML file; see docs/contracts.md.")
    ] = None,
    answer: Annotated[
        list[str] | None, typer.Option(help="One answer, as name=value. Goes before the file's.")
    ] = None,
    root: Annotated[
        Path, typer.Option(help="The checkout to write into; default: this one.", show_default=False)
    ] = PACKAGE.parent,
) -> None:
    """Write a new source that runs: contract, client, stream, asset, tests. Asks for what is not answered.

    The fields and their types come from the records that are read where you say they are.

    Examples:

        observes contract new shop

        observes contract new shop --answers shop.yaml --answer owner=shop-team
    """
    from observes_assets.cli.contract_new import make  # noqa: PLC0415 - as above

    make(name, answers, answer or [], root)


def _summary(contract: Contract) -> dict[str, Any]:
    return {
        "source": contract.source,
        "version": contract.document.version,
        "status": contract.document.status,
        "domain": contract.domain,
        "owner": contract.owner,
        "on_call": contract.on_call,
        "streams": ", ".join(contract.streams),
    }


def _contract(place: str) -> Contract:
    path = _file(place)
    return contracts.parse(_source(path), _read(path))


def _file(place: str) -> Path:
    """The file that is meant: of a source, of a folder, or itself."""
    if place in SOURCES:
        return PACKAGE / "sources" / place / FILE
    path = Path(place).expanduser()
    return path / FILE if path.is_dir() else path


def _source(path: Path) -> str:
    """The source's name: its folder's, or the file's own where that is not called contract.yaml."""
    return path.absolute().parent.name if path.name == FILE else path.stem


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise SettingsError(
            f"{path} can't be read: {error.strerror}.",
            f"Name a source ({', '.join(SOURCES)}), a {FILE}, or the folder of one.",
        ) from None
