"""What a bulk job's criteria say of a record: comparisons of one field, and groups of them."""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from observes_assets.sandbox.company import Company
from observes_assets.sandbox.company.entities import Person
from observes_assets.sandbox.company.entries import Entry
from observes_assets.sandbox.messages import Answer
from observes_assets.sandbox.zoho.catalogue import Field
from observes_assets.sandbox.zoho.messages import refused_job
from observes_assets.sandbox.zoho.names import entry_id, zoho_id
from observes_assets.sandbox.zoho.records import value

Holds = Callable[[Entry], bool]
_ORDERED: dict[str, Callable[[Any, Any], bool]] = {
    "less_than": lambda one, other: one < other,
    "less_equal": lambda one, other: one <= other,
    "greater_than": lambda one, other: one > other,
    "greater_equal": lambda one, other: one >= other,
    "between": lambda one, ends: ends[0] <= one <= ends[1],
    "not_between": lambda one, ends: not ends[0] <= one <= ends[1],
}
_OTHERS: dict[str, Callable[[Any, Any], bool]] = {
    "equal": lambda one, other: one == other,
    "not_equal": lambda one, other: one != other,
    "in": lambda one, others: one in others,
    "not_in": lambda one, others: one not in others,
    "contains": lambda one, part: part in one,
    "not_contains": lambda one, part: part not in one,
    "starts_with": lambda one, part: one.startswith(part),
    "ends_with": lambda one, part: one.endswith(part),
}
_LISTS = {"in", "not_in", "between", "not_between"}


class UnusableCriteriaError(Exception):
    """The criteria can't be understood; ``answer`` says it in Zoho's words."""

    def __init__(self, code: str, message: str, **details: Any) -> None:
        super().__init__(code)
        self.answer: Answer = refused_job(400, code, message, **details)


def understood(company: Company, fields: dict[str, Field], asked: dict[str, Any] | None) -> Holds:
    """Whether a record meets the criteria; all do if there are none.

    Raises:
        UnusableCriteriaError: an unknown field or comparator, or a value of another kind.
    """
    if not asked:
        return lambda _entry: True
    if "group" in asked:
        parts = [understood(company, fields, one) for one in asked["group"]]
        if asked.get("group_operator") not in {"and", "or"}:
            raise UnusableCriteriaError("GROUP_OPERATOR_NOT_SUPPORTED", "the group operator is not supported")
        together = all if asked["group_operator"] == "and" else any
        return lambda entry: together(holds(entry) for holds in parts)
    name = str(asked.get("field", {}).get("api_name", ""))
    if name not in fields:
        raise UnusableCriteriaError(
            "FIELD_IN_CRITERIA_NOT_AVAILABLE", "the field in criteria is not available", api_name=name
        )
    comparator = str(asked.get("comparator"))
    compare = (_ORDERED | _OTHERS).get(comparator)
    if compare is None:
        raise UnusableCriteriaError("INVALID_CRITERIA", "the comparator is not known", comparator=comparator)
    other = _others(fields[name], comparator, asked.get("value"))

    def holds(entry: Entry) -> bool:
        said = _comparable(value(company, entry, name))
        return said is not None and compare(said, other)

    return holds


def _others(field: Field, comparator: str, given: Any) -> Any:
    try:
        if comparator in _LISTS:
            return [_parsed(field, one) for one in given]
        return _parsed(field, given)
    except (TypeError, ValueError, InvalidOperation):
        raise UnusableCriteriaError(
            "FIELD_AND_VALUE_IN_CRITERIA_NOT_COMPATIBLE",
            "the value in criteria does not fit the field",
            api_name=field.name,
        ) from None


def _parsed(field: Field, given: Any) -> Any:
    if field.kind == "datetime":
        moment = datetime.fromisoformat(given)
        if moment.tzinfo is None:
            raise ValueError("a moment without an offset")
        return moment
    if field.kind == "date":
        return date.fromisoformat(given)
    if field.kind in {"currency", "integer", "double", "formula", "rollup_summary"}:
        return Decimal(str(given))
    return given if field.kind == "boolean" else str(given)


def _comparable(said: Any) -> Any:
    if isinstance(said, Entry):
        return entry_id(said)
    if isinstance(said, Person):
        return zoho_id("user", said.id)
    return said
