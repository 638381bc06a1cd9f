"""``observes contract new``: ask a provider, look at the records, write a source that runs."""

import sys
from itertools import islice
from pathlib import Path
from typing import Any

import typer

from observes_assets.cli.output import err, out, plain
from observes_assets.contracts.questionnaire import answers as questionnaire
from observes_assets.contracts.questionnaire import files
from observes_assets.contracts.questionnaire.answers import QUESTIONS, Answers
from observes_assets.contracts.questionnaire.client import read
from observes_assets.contracts.questionnaire.promises import leaves, require_described
from observes_assets.contracts.questionnaire.shapes import SEEN, Shape, look_at, require_unique
from observes_assets.contracts.stream import CLASSIFICATIONS


def make(name: str, answers: Path | None, more: list[str], root: Path) -> None:
    """Ask for what ``answers`` (a YAML file) and ``more`` (name=value) leave open, and write the source.

    Raises:
        SettingsError: something is not answered, or can't be; nothing is written then.
    """
    files.require_free(root, name)
    given = questionnaire.read_answers(answers) if answers else {}
    questionnaire.put_answers(given, more)
    asks = sys.stdin.isatty()
    if asks:
        _ask(given)
    complete = questionnaire.finish(given)
    records = list(islice(read(complete.location), SEEN))
    shape = look_at(records, complete.location)
    if asks:
        complete = _ask_fields(given, shape)
    require_described(complete, shape)
    require_unique(records, complete.key, complete.location)
    written = files.write(root, name, complete, shape)
    _tell(root, name, written)


def _ask(given: dict[str, Any]) -> None:
    for name, question in QUESTIONS.items():
        if not given.get(name):
            given[name] = typer.prompt(question)


def _ask_fields(given: dict[str, Any], shape: Shape) -> Answers:
    fields = given.setdefault("fields", {})
    for path in leaves(shape):
        said = fields.setdefault(path, {})
        if not said.get("description"):
            said["description"] = typer.prompt(f"{path}: what does it hold?")
        while said.get("classification") not in CLASSIFICATIONS:
            said["classification"] = typer.prompt(f"{path}: {', '.join(CLASSIFICATIONS)}?")
    return questionnaire.finish(given)


def _tell(root: Path, name: str, written: list[Path]) -> None:
    for path in written:
        out.print(plain(path.relative_to(root)), soft_wrap=True)
    added, line = files.wiring(name)
    err.print(
        f"Read them, then add to observes_assets/definitions.py, under its imports and into `raw`:\n"
        f"  {plain(added)}\n  {plain(line)}\n"
        f"Then: make check, and observes run --source {name}.",
        soft_wrap=True,
    )
