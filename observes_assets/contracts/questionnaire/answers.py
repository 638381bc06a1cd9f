"""What a provider is asked, and what the answers must be."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import msgspec
import yaml

from observes_assets.contracts.customs import Count, Share, Text
from observes_assets.errors import SettingsError

Name = Annotated[str, msgspec.Meta(pattern=r"^[a-z]+(_[a-z]+)*$", max_length=30)]
Hours = Annotated[float, msgspec.Meta(gt=0)]

# In the order in which they are asked. What has a default in ``Answers`` is not: change it in the contract.
QUESTIONS = {
    "title": "What do people call the source?",
    "domain": "Which part of the company is it about? (engineering, billing, people, …)",
    "purpose": "What is it for?",
    "usage": "What may its data be used for?",
    "limitations": "What does it not tell, or must it not be used for?",
    "owner": "Who answers for it? (a team's name, or an e-mail address)",
    "on_call": "Who is told when it is broken? (a rota's name, or an e-mail address)",
    "support": "Where, and how, do people ask about it?",
    "location": "Where are the records? (the path or http address of NDJSON, or of a JSON array)",
    "stream": "What are the records called? (plural, snake_case)",
    "record": "What is one record?",
    "key": "Which fields make a record unique? (separated by commas)",
}


class FieldAnswer(msgspec.Struct, forbid_unknown_fields=True):
    """What a field holds, and whether it is about a person or secret."""

    description: Text
    classification: Literal["public", "personal", "secret"]


class Answers(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A whole questionnaire. ``fields`` has an answer for every path that was seen in the records."""

    title: Text
    domain: Text
    purpose: Text
    usage: Text
    limitations: Text
    owner: Text
    on_call: Text
    support: Text
    location: Text
    stream: Name
    record: Text
    key: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]
    fields: dict[str, FieldAnswer]
    cron: str = "0 * * * *"
    late_after_hours: Hours = 26
    broken_after_hours: Hours = 50
    latency_hours: Hours = 2
    escalation_hours: Hours = 4
    availability_percent: Annotated[float, msgspec.Meta(gt=0, le=100)] = 95
    maximum_quarantined_count: Count = 0
    maximum_quarantined_share: Share = 0.0
    maximum_vanished_share: Share = 0.5


def read_answers(path: Path) -> dict[str, Any]:
    """The answers that a YAML file holds; which may be some of them only.

    Raises:
        SettingsError: it can't be read, or is no mapping.
    """
    try:
        plain = yaml.safe_load(path.read_bytes())
    except OSError as error:
        raise SettingsError(f"{path} can't be read: {error.strerror}.") from None
    except yaml.YAMLError:
        plain = None
    if not isinstance(plain, dict):
        raise SettingsError(f"{path} is no YAML mapping.", "docs/contracts.md has an example.")
    return plain


def put_answers(answers: dict[str, Any], given: Iterable[str]) -> None:
    """Put answers of the form ``name=value`` into others; a dot leads inside: ``fields.email.description=…``.

    Only of ``fields`` the last dot counts, since a field's path may hold some.

    Raises:
        SettingsError: one has no ``=``.
    """
    for one in given:
        name, equals, value = one.partition("=")
        if not equals:
            raise SettingsError(f"The answer {one!r} has no value.", "Write --answer owner=data-platform.")
        if name.startswith("fields."):
            path, _, what = name.removeprefix("fields.").rpartition(".")
            answers.setdefault("fields", {}).setdefault(path, {})[what] = value
        else:
            answers[name] = _split(value) if name == "key" else value


def finish(answers: dict[str, Any]) -> Answers:
    """Check that every question has an answer of its kind.

    Raises:
        SettingsError: one has not; names them all. Or an address holds credentials.
    """
    if lacking := [name for name in QUESTIONS if not answers.get(name)]:
        raise SettingsError(
            f"No answer for {', '.join(lacking)}.",
            "Give them by --answers or --answer, or ask on a terminal.",
        )
    if "@" in urlsplit(str(answers["location"])).netloc:
        raise SettingsError(
            "The location holds credentials.", "Let the client read them from the environment instead."
        )
    if isinstance(answers["key"], str):
        answers["key"] = _split(answers["key"])
    try:
        # Options give every value as text, and so do people.
        return msgspec.convert({"fields": {}, **answers}, Answers, strict=False)
    except msgspec.ValidationError as error:
        reason, _, path = str(error).partition(" - at ")
        where = path.strip("`").removeprefix("$.") or "the answers"
        raise SettingsError(f"{where}: {reason}.", "docs/contracts.md has an example.") from None


def _split(value: str) -> list[str]:
    return [one.strip() for one in value.split(",") if one.strip()]
