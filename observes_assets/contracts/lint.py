"""Whether a contract is complete: everything that people and machines will ask of it.

Reading a contract (``document.parse``) asks for what a landing needs, since archived contracts stay as they
were. ``lint`` asks for the rest, of contracts that are checked in: the standard's own grammar, everything
that a provider owes, and that nothing is promised which nobody checks.
"""

import json
import re
from collections.abc import Iterator
from functools import lru_cache
from importlib import resources
from typing import Any

import jsonschema_rs
import msgspec
import yaml

from observes_assets.contracts import customs, document, levels
from observes_assets.contracts.customs import Consumer, SourceCustoms
from observes_assets.contracts.document import Contract
from observes_assets.contracts.finding import Finding
from observes_assets.contracts.lint_fields import lint_fields
from observes_assets.contracts.lint_streams import lint_stream
from observes_assets.contracts.yaml_text import from_yaml
from observes_assets.errors import SettingsError

_STATED = {
    "name": "Say what people call the source: name: Git.",
    "status": "Say how far it is: status: proposed, draft, active, deprecated or retired.",
    "domain": "Say which part of the company it is about: domain: engineering.",
}
_DESCRIBED = {
    "purpose": "Say what the source is for.",
    "usage": "Say what its data may be used for.",
    "limitations": "Say what it does not tell, and what it must not be used for.",
}
_CUSTOMS = {
    "consumers": "Name every mart that reads it, what of it, and why.",
    "rateLimit": "Say {requests: 5000, periodSeconds: 3600}, or unlimited.",
}
_ROLES = {
    "owner": "Add a member with role: owner, a team's name or an e-mail address as username.",
    "on-call": "Add a member with role: on-call: who is told when the source is broken.",
}


def lint(source: str, text: bytes) -> list[Finding]:
    """Everything that a contract lacks or says wrong; empty: it is complete."""
    try:
        plain = from_yaml(text)
    except yaml.YAMLError as error:
        line = getattr(getattr(error, "problem_mark", None), "line", None)
        where = f" in line {line + 1}" if line is not None else ""
        return [Finding(source, None, None, f"not YAML{where}", "Mend the YAML.")]
    if not isinstance(plain, dict):
        return [Finding(source, None, None, "not a YAML mapping", "See docs/contracts.md for an example.")]
    if misspelt := list(_grammar(source, plain)):
        return misspelt
    try:
        contract = document.parse(source, text)
        return list(_complete(contract))
    except SettingsError as error:
        return [Finding(source, None, None, error.message, error.remedy or "See docs/contracts.md.")]


@lru_cache
def _standard() -> jsonschema_rs.Draft201909Validator:
    schema = resources.files("open_data_contract_standard").joinpath("schema.json").read_text()
    # Python's own jsonschema takes five seconds for the largest contract, this one a hundredth of one.
    return jsonschema_rs.Draft201909Validator(json.loads(schema))


def _grammar(source: str, plain: dict[str, Any]) -> Iterator[Finding]:
    """What the standard's own schema says: misspelt names, wrong kinds of values."""
    # YAML has dates, JSON has none.
    errors = _standard().iter_errors(msgspec.to_builtins(plain))
    for steps, problem in dict.fromkeys((tuple(one.instance_path), one.message) for one in errors):
        stream, field = _place(plain, steps)
        # A message may quote the whole value: its first line, and of that what a person reads.
        short = problem.splitlines()[0][:200]
        yield Finding(source, stream, field, short, "See the standard, or docs/contracts.md.")


def _place(plain: dict[str, Any], steps: tuple[str | int, ...]) -> tuple[str | None, str | None]:
    """Stream and field that a path through the document leads to, by their names."""
    named: list[str] = []
    found: Any = plain
    for step in steps:
        found = found[step]
        name = found.get("name") if isinstance(found, dict) else None
        named.append(str(name or step))
    is_schema = named[:1] == ["schema"] and len(named) > 1
    field = ".".join(one for one in named[2 if is_schema else 0 :] if one != "properties")
    return named[1] if is_schema else None, field or None


def _complete(contract: Contract) -> Iterator[Finding]:
    yield from _lint_source(contract)
    yield from _lint_consumers(contract)
    yield from _lint_service_levels(contract)
    for stream in contract.streams.values():
        yield from lint_stream(stream)
        yield from lint_fields(stream)


def _lint_source(contract: Contract) -> Iterator[Finding]:
    for problem, remedy in (*_lint_words(contract), *_lint_people(contract), *_lint_customs(contract)):
        yield Finding(contract.source, None, None, problem, remedy)


def _lint_words(contract: Contract) -> Iterator[tuple[str, str]]:
    for name, remedy in _STATED.items():
        if not getattr(contract.document, name):
            yield f"no {name}", remedy
    for name, remedy in _DESCRIBED.items():
        if not getattr(contract.document.description, name, None):
            yield f"no {name} in its description", remedy
    if not re.fullmatch(r"[a-z][a-z0-9_-]*", contract.domain or "a"):
        yield "domain is no tag", "Write it in lower case, without spaces."
    if not re.fullmatch(r"\d+\.\d+\.\d+", contract.document.version or ""):
        yield "version is no x.y.z", "Raise x for a breaking change, y for a compatible one."
    if not contract.servers:
        yield "no server", "Say where the vendor keeps the data: type, and a path or an address."
    if not contract.streams:
        yield "no stream", "Describe at least one kind of record under schema."


def _lint_people(contract: Contract) -> Iterator[tuple[str, str]]:
    roles = {member.role for member in contract.members if member.username}
    for role, remedy in _ROLES.items():
        if role not in roles:
            yield f"nobody in its team has the role {role}", remedy
    if not any(channel.channel and channel.description for channel in contract.support):
        yield "no support channel with a description", "Say where and how people ask about it."


def _lint_customs(contract: Contract) -> Iterator[tuple[str, str]]:
    known, stated = customs.names(SourceCustoms), customs.by_name(contract.document.customProperties)
    for name, remedy in _CUSTOMS.items():
        if name not in stated:
            yield f"{name} is not stated among its customProperties", remedy
    for name in sorted(stated.keys() - set(known)):
        yield f"unknown custom property {name}", f"Nobody reads it. Known are {', '.join(known)}."


def _lint_consumers(contract: Contract) -> Iterator[Finding]:
    personal = {
        f"{stream.name}.{field.path}"
        for stream in contract.streams.values()
        for field in stream.personal_fields
    }
    for one in contract.consumers:
        yield from (
            Finding(contract.source, None, None, f"consumer {one.name}: {problem}", remedy)
            for problem, remedy in _lint_consumer(one, set(contract.streams), personal)
        )


def _lint_consumer(one: Consumer, streams: set[str], personal: set[str]) -> Iterator[tuple[str, str]]:
    if not one.streams:
        yield "reads no stream", "Name the streams that it reads, or take it out."
    for name in sorted(set(one.streams) - streams):
        yield f"reads the unknown stream {name}", f"Streams are {', '.join(sorted(streams))}."
    for name in sorted(set(one.reads_personal) - personal):
        yield f"{name} is no personal field", "Write stream.field, as in commits.author_email."
    for name in one.reads_personal:
        if name in personal and name.partition(".")[0] not in one.streams:
            yield f"may read {name}, but not its stream", f"Add {name.partition('.')[0]} to its streams."


def _lint_service_levels(contract: Contract) -> Iterator[Finding]:
    for item in contract.document.slaProperties or []:
        if item.property not in levels.PROPERTIES:
            known = ", ".join(sorted(levels.PROPERTIES))
            problem = f"unknown slaProperty {item.property}"
            yield Finding(contract.source, None, None, problem, f"Nobody measures it. Known are {known}.")
        for stream in levels.elements(item):
            if stream not in contract.streams:
                problem = f"slaProperty {item.property} is about the unknown stream {stream}"
                yield Finding(
                    contract.source, None, None, problem, "Name streams under element, or leave it out."
                )
