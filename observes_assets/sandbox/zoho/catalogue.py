"""The modules and fields that Zoho shows: the ones it comes with, and those that the company added."""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import yaml

from observes_assets.sandbox.company import Company

_SYSTEM = (
    "Owner:ownerlookup Created_By:ownerlookup Created_Time:datetime Modified_By:ownerlookup "
    "Modified_Time:datetime"
)


@dataclass(frozen=True, slots=True)
class Field:
    """A field as Zoho names it. ``kind`` is its data type, ``target`` the module that a lookup leads to."""

    number: int
    name: str
    kind: str
    target: str = ""
    label: str = ""

    @property
    def is_custom(self) -> bool:
        """Whether somebody of the company added it, and gave it a label."""
        return bool(self.label)


@dataclass(frozen=True, slots=True)
class Module:
    """A module. ``title`` is the field that names a record; ``is_bulk``: whether bulk jobs may read it."""

    number: int
    name: str
    singular: str
    title: str
    fields: str
    is_bulk: bool = True


@cache
def modules() -> dict[str, Module]:
    """Every module, by name."""
    text = files(__package__).joinpath("catalogue.yaml").read_text(encoding="utf-8")
    return {one["name"]: Module(number, **one) for number, one in enumerate(yaml.safe_load(text), start=1)}


def fields(company: Company, module: Module) -> list[Field]:
    """The fields of a module now: the ones it comes with, then those that were added, as they came."""
    words = f"{module.fields} {_SYSTEM}".split()
    found = [_field(module.number * 100 + number, word) for number, word in enumerate(words)]
    return found + [
        Field(10_000 + one.id, one.name, one.kind, label=one.label)
        for one in company.crm.columns
        if one.module == module.name
    ]


def _field(number: int, word: str) -> Field:
    if ">" in word:
        name, _, target = word.partition(">")
        return Field(number, name, "lookup", target)
    name, _, kind = word.partition(":")
    return Field(number, name, kind or "text")
