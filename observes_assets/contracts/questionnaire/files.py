"""The files of a new source, and the lines that its provider adds by hand."""

import keyword
import re
from importlib import resources
from pathlib import Path
from string import Template

from observes_assets import contracts
from observes_assets.contracts import dbt_sources
from observes_assets.contracts.lint import lint
from observes_assets.contracts.questionnaire import client
from observes_assets.contracts.questionnaire.answers import Answers
from observes_assets.contracts.questionnaire.promises import contract
from observes_assets.contracts.questionnaire.shapes import Shape
from observes_assets.contracts.yaml_text import as_yaml
from observes_assets.errors import SettingsError
from observes_assets.version import DBT_PROJECT

_NAME = re.compile(r"[a-z]+(_[a-z]+)*")
_LONGEST_NAME = 24  # characters: it is part of schemas, modules and lines of code
_TAKEN = {"staging", "intermediate", "warehouse", "landing", "billing", "candidate", "release"}
# Where each template goes, and what it is called there.
_PLACES = {
    "__init__.py": "observes_assets/sources/{name}/__init__.py",
    "streams.py": "observes_assets/sources/{name}/streams.py",
    "assets.py": "observes_assets/sources/{name}/assets.py",
    "test_records.py": "tests/unit/sources/{name}/test_{name}_records.py",
    "test_landing.py": "tests/integration/sources/{name}/test_{name}_landing.py",
}


def require_free(root: Path, name: str) -> None:
    """Refuse a name that can't be, or is taken.

    Args:
        root: the checkout's top folder.

    Raises:
        SettingsError: says why.
    """
    if not _NAME.fullmatch(name) or len(name) > _LONGEST_NAME or keyword.iskeyword(name) or name in _TAKEN:
        raise SettingsError(
            f"A source can't be called {name!r}.",
            "Take the vendor's name: lower case, snake_case, no digits.",
        )
    if not (root / "observes_assets" / "sources").is_dir() or not (root / "tests").is_dir():
        raise SettingsError(f"{root} is no checkout of Observes.", "Clone it, and run this there.")
    if (root / "observes_assets" / "sources" / name).exists():
        raise SettingsError(
            f"There is a source {name} already.", "Change its contract.yaml, or take another name."
        )


def write(root: Path, name: str, answers: Answers, shape: Shape) -> list[Path]:
    """Write a new source, and return its files; none if one of them can't be made.

    Raises:
        SettingsError: the answers and the records don't fit together.
    """
    text = as_yaml(contract(name, answers, shape))
    for found in lint(name, text.encode()):
        raise SettingsError(f"{found.place}: {found.problem}.", found.remedy)
    sources = dbt_sources.path(name).relative_to(DBT_PROJECT.parent)
    files = {
        f"observes_assets/sources/{name}/contract.yaml": text,
        f"observes_assets/sources/{name}/client.py": Path(client.__file__).read_text(),
        str(sources): dbt_sources.text(contracts.parse(name, text.encode())),
        **_filled(name, answers),
    }
    for path, content in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(content)
    return [root / path for path in files]


def _filled(name: str, answers: Answers) -> dict[str, str]:
    # What goes into a program's text are names that parse; of the rest, only what quotes can't break.
    location = answers.location if re.fullmatch(r"[\w./:-]{1,60}", answers.location) else "records.ndjson"
    imports = sorted(
        [
            "from observes_assets.sources.observes.recording import attempts",
            f"from observes_assets.sources.{name}.streams import records",
        ]
    )
    words = {"name": name, "stream": answers.stream, "location": location, "imports": "\n".join(imports)}
    templates = resources.files("observes_assets.contracts.questionnaire")
    texts = {template: templates.joinpath(f"{template}.template").read_text() for template in _PLACES}
    return {
        place.format(name=name): Template(texts[template]).substitute(words)
        for template, place in _PLACES.items()
    }


def wiring(name: str) -> list[str]:
    """The lines that put the source into the graph: observes_assets/definitions.py."""
    return [
        f"from observes_assets.sources.{name}.assets import {name}_assets",
        f'{name}_assets(promises["{name}"]),',
    ]
