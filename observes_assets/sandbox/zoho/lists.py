"""What is read directly: deletions, users, the organization, modules and their fields."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from observes_assets.sandbox.company import Company
from observes_assets.sandbox.company.entities import Person
from observes_assets.sandbox.company.entries import Deletion
from observes_assets.sandbox.messages import Answer, Request
from observes_assets.sandbox.zoho import catalogue
from observes_assets.sandbox.zoho.catalogue import Field, Module
from observes_assets.sandbox.zoho.messages import no_such_module, refusal
from observes_assets.sandbox.zoho.names import ASKING, ZONE, entry_id, stamp, user, zoho_id

Shape = dict[str, Any]
MOST_ROWS = 200
_USERS: dict[str, Callable[[Person], bool]] = {
    "AllUsers": lambda one: not one.is_deleted,
    "ActiveUsers": lambda one: one.is_member,
    "DeactiveUsers": lambda one: not one.is_member and not one.is_deleted,
    "DeletedUsers": lambda one: one.is_deleted,
}


def deleted(company: Company, request: Request, name: str) -> Answer:
    """What was deleted from a module, newest first; no body if there is nothing."""
    if (module := catalogue.modules().get(name)) is None:
        return no_such_module(name)
    kind = request.query.get("type", "all")
    if kind not in {"all", "recycle", "permanent"}:
        return _unfit("type")
    found = [one for one in company.crm.deletions.values() if one.entry.module == module.name]
    if kind != "all":
        found = [one for one in found if one.is_permanent == (kind == "permanent")]
    if since := request.headers.get("if-modified-since"):
        try:
            found = [one for one in found if one.deleted_at >= datetime.fromisoformat(since)]
        except (ValueError, TypeError):
            return _unfit("If-Modified-Since")
        if not found:
            return Answer(304)
    found.sort(key=lambda one: (one.deleted_at, one.entry.id), reverse=True)
    return _page(request, "data", [_deletion(module, one) for one in found])


def users(company: Company, request: Request, _name: str) -> Answer:
    """The company's people. Who was deleted is among the deleted only."""
    kind = request.query.get("type", "AllUsers")
    people = [one for one in company.people.values() if not one.is_bot]
    if kind == "CurrentUser":
        return Answer(200, {"users": [_user(company, company.people[ASKING])]})
    if kind not in _USERS:
        return _unfit("type")
    found = sorted((one for one in people if _USERS[kind](one)), key=lambda one: one.id)
    return _page(request, "users", [_user(company, one) for one in found])


def organization(company: Company, _request: Request, _name: str) -> Answer:
    """The organization that the CRM belongs to."""
    assert company.founded_at is not None
    one = {
        "id": zoho_id("organization", 1),
        "company_name": "Quillmark Works",
        "country_code": "CZ",
        "iso_code": "USD",
        "currency": "US Dollar - USD",
        "currency_symbol": "$",
        "currency_locale": "en_US",
        "time_zone": str(ZONE),
        "created_time": stamp(company.founded_at),
        "primary_email": company.people["kira-novak"].email,
        "zgid": zoho_id("organization", 1),
    }
    return Answer(200, {"org": [one]})


def modules(_company: Company, _request: Request, name: str) -> Answer:
    """Every module, or one."""
    if not name:
        return Answer(200, {"modules": [_module(one) for one in catalogue.modules().values()]})
    found = catalogue.modules().get(name)
    return Answer(200, {"modules": [_module(found)]}) if found else no_such_module(name)


def fields(company: Company, request: Request, _name: str) -> Answer:
    """The fields of a module now."""
    name = request.query.get("module", "")
    if (found := catalogue.modules().get(name)) is None:
        return no_such_module(name)
    return Answer(200, {"fields": [_field(one) for one in catalogue.fields(company, found)]})


def _page(request: Request, name: str, rows: Sequence[Shape]) -> Answer:
    try:
        page, size = int(request.query.get("page", 1)), int(request.query.get("per_page", MOST_ROWS))
    except ValueError:
        return _unfit("page")
    if not 1 <= size <= MOST_ROWS or page < 1:
        return _unfit("per_page" if page > 0 else "page")
    these = rows[(page - 1) * size : page * size]
    if not these:
        return Answer(204)
    info = {"per_page": size, "count": len(these), "page": page, "more_records": page * size < len(rows)}
    return Answer(200, {name: these, "info": info})


def _unfit(name: str) -> Answer:
    return refusal(400, "INVALID_DATA", "the value given seems to be invalid", api_name=name)


def _deletion(module: Module, one: Deletion) -> Shape:
    return {
        "deleted_by": user(one.deleted_by),
        "id": entry_id(one.entry),
        "display_name": one.entry.values.get(module.title),
        "type": "permanent" if one.is_permanent else "recycle",
        "created_by": user(one.entry.created_by),
        "deleted_time": stamp(one.deleted_at),
    }


def _user(company: Company, one: Person) -> Shape:
    first, _, last = one.name.partition(" ")
    boss = company.people["kira-novak"]
    is_boss = one is boss
    status = "deleted" if one.is_deleted else "active" if one.is_member else "inactive"
    return {
        "id": zoho_id("user", one.id),
        "full_name": one.name,
        "first_name": first,
        "last_name": last,
        "email": one.email,
        "status": status,
        "confirm": True,
        "role": {"name": "CEO" if is_boss else "Member", "id": zoho_id("role", int(not is_boss))},
        "profile": {
            "name": "Administrator" if is_boss else "Standard",
            "id": zoho_id("profile", int(not is_boss)),
        },
        "language": "en_US",
        "locale": "en_US",
        "country_locale": "en_US",
        "time_zone": str(ZONE),
        "zuid": str(80_000_000 + one.id),
        "created_time": stamp(one.joined_at),
        "Modified_Time": stamp(one.joined_at),
        "created_by": user(boss),
        "Modified_By": user(boss),
        "Isonline": False,
    }


def _module(one: Module) -> Shape:
    return {
        "id": zoho_id("module", one.number),
        "api_name": one.name,
        "module_name": one.name,
        "singular_label": one.singular,
        "plural_label": one.name.replace("_", " "),
        "api_supported": True,
        "viewable": True,
        "visible": True,
        "generated_type": "default",
        "sequence_number": one.number,
        "status": "visible",
        "per_page": MOST_ROWS,
        "modified_time": None,
        "parent_module": {},
    }


def _field(one: Field) -> Shape:
    label = one.label or one.name.replace("_", " ")
    lookup = {"module": {"api_name": one.target}, "display_label": label} if one.target else {}
    return {
        "id": zoho_id("field", one.number),
        "api_name": one.name,
        "field_label": label,
        "display_label": label,
        "data_type": one.kind,
        "custom_field": one.is_custom,
        "read_only": one.kind in {"formula", "rollup_summary", "autonumber"},
        "visible": True,
        "json_type": "jsonobject" if one.kind in {"lookup", "ownerlookup"} else "string",
        "lookup": lookup,
    }
