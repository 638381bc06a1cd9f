"""Rules that a test holds, not a reviewer: what a newcomer reads is so."""

import re
import shlex
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
import typer
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from observes_assets.cli.app import app
from observes_assets.cli.later import Later
from observes_assets.settings import Settings
from observes_assets.sources.portfolio.client import read_portfolio

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
LOCKS = (ROOT / "requirements.lock", ROOT / "requirements-test.lock")
TARGETS = set(re.findall(r"^([a-z]+):(?!=)", (ROOT / "Makefile").read_text(), re.MULTILINE))
GIT_S_AND_AWS_S = re.compile(r"OBSERVES_GIT_<NAME>_(TOKEN|USERNAME|SSH_KEY_FILE)|AWS_[A-Z_]+")
BLOCK = re.compile(r"^```(?:sh|console)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def commands(page: str) -> Iterator[list[str]]:
    """Every `observes …` and `make …` in a page: lines of blocks, and code within sentences."""
    lines = [line.removeprefix("$ ") for block in BLOCK.findall(page) for line in block.splitlines()]
    # A block's own output begins with neither.
    lines += re.findall(r"(?<!`)`([^`\n]+)`(?!`)", page)
    for line in lines:
        bare = re.sub(r"^([A-Z_]+=\S+ )*(\.venv/bin/)?", "", line.strip())
        if re.match(r"(observes|make)( |$)", bare):
            # Brackets mark what may be left out.
            yield shlex.split(re.sub(r"[][]", "", bare), comments=True)


def check_observes(words: list[str]) -> None:
    """Hold one `observes …` against the program: commands, options, and how many arguments it takes."""
    command: Any = typer.main.get_command(app)
    rest = words[1:]
    while rest and not rest[0].startswith("-") and rest[0] in getattr(command, "commands", {}):
        command, rest = command.commands[rest[0]], rest[1:]
        command = command.load() if isinstance(command, Later) else command
    options = {name: one for one in command.params for name in [*one.opts, *one.secondary_opts]}
    positional = []
    while rest:
        word, _, value = rest.pop(0).partition("=")
        if not word.startswith("-"):
            positional.append(word)
        elif word in {"--help", "-h"}:
            continue
        else:
            assert word in options, f"{' '.join(words)}: there is no option {word}"
            if not options[word].is_flag and not value:
                assert rest, f"{' '.join(words)}: {word} lacks its value"
                rest.pop(0)
    places = [one for one in command.params if one.param_type_name == "argument"]
    required = sum(one.required for one in places)
    assert len(positional) <= len(places), f"{' '.join(words)}: {positional} is too much"
    # A sentence may name a command without its arguments.
    assert not positional or len(positional) >= required, f"{' '.join(words)}: something is missing"


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_commands_in_pages_exist(path: Path) -> None:
    for words in commands(path.read_text()):
        if words[0] == "make":
            named = [word for word in words[1:] if "=" not in word and word.isidentifier()]
            assert set(named) <= TARGETS, f"{' '.join(words)}: no such target"
        else:
            check_observes(words)


def test_the_readme_s_portfolio_is_a_good_one(tmp_path: Path) -> None:
    (example,) = re.findall(r"^```yaml\n(.*?)^```", PAGES[0].read_text(), re.MULTILINE | re.DOTALL)
    path = tmp_path / "portfolio.yaml"
    path.write_text(example)
    assert [one.name for one in read_portfolio(path).organizations] == ["acme"]


def test_the_readme_tells_the_two_commands_and_stays_short() -> None:
    readme = (ROOT / "README.md").read_text()
    found = list(commands(readme))
    assert ["make", "run"] in found
    assert ["make", "test"] in found
    assert len(readme.splitlines()) <= 200


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#\s]+)", path.read_text()):
        assert (path.parent / target).exists(), f"{path.name} links to {target}"


def test_the_docs_site_begins_with_every_domain_of_marts() -> None:
    text = (ROOT / "dbt_project" / "models" / "overview.md").read_text()
    domains = {folder.name for folder in (ROOT / "dbt_project" / "models" / "marts").iterdir()}
    assert set(re.findall(r"^  - `(\w+)`:", text, re.MULTILINE)) == domains


def test_env_example_equals_the_settings() -> None:
    text = (ROOT / ".env.example").read_text()
    lines = re.findall(r"^# (.+)\n#?(OBSERVES_[A-Z_]+)=", text, re.MULTILINE)
    told = {name: about for about, name in lines}
    fields = {f"OBSERVES_{name.upper()}": one.description for name, one in Settings.model_fields.items()}
    assert told == fields
    others = set(re.findall(r"^#?([A-Z][A-Z_<>]+)=", text, re.MULTILINE)) - fields.keys()
    assert all(GIT_S_AND_AWS_S.fullmatch(name) for name in others), others


def test_every_target_of_make_is_explained_and_real() -> None:
    text = (ROOT / "Makefile").read_text()
    explained = set(re.findall(r"^([a-z]+):.*?## .+$", text, re.MULTILINE))
    phony = re.search(r"^\.PHONY: (.+)$", text, re.MULTILINE)
    assert phony
    assert explained == TARGETS == set(phony[1].split())


def pins() -> dict[str, str]:
    """Name and version of everything that the locks install."""
    found = {}
    for path in LOCKS:
        for name, version in re.findall(r"^([A-Za-z0-9._-]+)==([^ ;\\]+)", path.read_text(), re.MULTILINE):
            found[canonicalize_name(name)] = version
    return found


def wanted() -> list[Requirement]:
    """What pyproject.toml asks for."""
    document = tomllib.loads((ROOT / "pyproject.toml").read_text())
    project = document["project"]
    asked = [*project["dependencies"], *project["optional-dependencies"]["test"]]
    return [Requirement(one) for one in [*asked, *document["dependency-groups"]["install"]]]


def test_the_locks_hold_what_the_project_asks_for() -> None:
    locked = pins()
    for one in wanted():
        assert canonicalize_name(one.name) in locked, f"{one} is not locked: run `make lock`"
        assert one.specifier.contains(locked[canonicalize_name(one.name)]), f"{one}: run `make lock`"


def test_the_locks_are_whole() -> None:
    locked, seen = pins(), set()
    waiting = [(one.name, extra) for one in wanted() for extra in ["", *one.extras]]
    while waiting:
        name, extra = waiting.pop()
        if (name, extra) in seen:
            continue
        seen.add((name, extra))
        for text in metadata.requires(name) or []:
            one = Requirement(text)
            if one.marker is None or one.marker.evaluate({"extra": extra}):
                assert canonicalize_name(one.name) in locked, f"{name} needs {one.name}: run `make lock`"
                waiting += [(one.name, more) for more in ["", *one.extras]]


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.name)
def test_every_pin_has_a_hash_and_no_address(path: Path) -> None:
    text = path.read_text()
    stanzas = re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)[1:]
    assert all("--hash=sha256:" in stanza for stanza in stanzas)
    assert "://" not in text
    assert not re.search(r"^-", text, re.MULTILINE)
