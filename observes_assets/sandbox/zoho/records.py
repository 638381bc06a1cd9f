"""Records of a module as they are now, field by field."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from observes_assets.sandbox.company import Company
from observes_assets.sandbox.company.entries import Entry
from observes_assets.sandbox.zoho.catalogue import Module
from observes_assets.sandbox.zoho.names import entry_id

_CLOSED = "Closed"


def shown(company: Company, module: Module) -> list[Entry]:
    """The records of a module, in no order that anybody promised."""
    found = company.crm.entries.get(module.name, {}).values()
    return sorted((one for one in found if not one.is_converted), key=lambda one: one.id * 7919 % 104_729)


def value(company: Company, entry: Entry, field: str) -> Any:
    """What a record says in a field; what is computed is computed now, whenever it was modified."""
    if field not in _COMPUTED:
        return entry.values.get(field)
    return _COMPUTED[field](company, entry)


def _expected(_company: Company, entry: Entry) -> Decimal:
    amount: Decimal = entry.values["Amount"]
    share = Decimal(entry.values["Probability"]) / 100
    return (amount * share).quantize(Decimal("0.01"))


def _open_deals(company: Company, entry: Entry) -> int:
    deals = company.crm.entries.get("Deals", {}).values()
    return sum(
        one.values["Account_Name"] is entry and not one.values["Stage"].startswith(_CLOSED) for one in deals
    )


_COMPUTED: dict[str, Callable[[Company, Entry], Any]] = {
    "id": lambda _company, entry: entry_id(entry),
    "Owner": lambda _company, entry: entry.owner,
    "Created_By": lambda _company, entry: entry.created_by,
    "Created_Time": lambda _company, entry: entry.created_at,
    "Modified_By": lambda _company, entry: entry.modified_by,
    "Modified_Time": lambda _company, entry: entry.modified_at,
    "Expected_Revenue": _expected,
    "Open_Deals": _open_deals,
    # The number is of the module, and starts anywhere.
    "Case_Number": lambda _company, entry: f"CS-{entry.id:05}",
    "Solution_Number": lambda _company, entry: f"SN-{entry.id:05}",
    "Quote_Number": lambda _company, entry: entry_id(entry),
    "SO_Number": lambda _company, entry: entry_id(entry),
    "PO_Number": lambda _company, entry: entry_id(entry),
    "Invoice_Number": lambda _company, entry: entry_id(entry),
}
