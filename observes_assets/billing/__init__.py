"""Bills: what each group owes for a month, and why.

Facts come from the marts of one release in SQL (``facts``, ``preconditions``); the rules are pure, over
frozen records and ``Decimal`` (``records``, ``calendar``, ``currency``, ``authors``, ``rules``); ``files``
makes the bytes, ``revisions`` decides what a month becomes, ``store`` puts it into the bucket, ``job`` runs
it all and ``explain`` answers "why am I on this bill?". Who owned which commit in which month is decided by
dbt (marts ``billed_commits`` and ``billable_authors``); nothing here decides that again.

What belongs here: everything between a release and the files of a bill. What does not: vendors, raw tables,
the graph's assets beyond ``assets.py``.
"""

from observes_assets.billing.explain import Explanation, explain
from observes_assets.billing.files import month_json, write_out
from observes_assets.billing.job import bills_due, preview, write_bills
from observes_assets.billing.records import BillsOutcome, MonthBill, MonthFacts
from observes_assets.billing.rules import compute_month
from observes_assets.currency import minor_digits

__all__ = [
    "BillsOutcome",
    "Explanation",
    "MonthBill",
    "MonthFacts",
    "bills_due",
    "compute_month",
    "explain",
    "minor_digits",
    "month_json",
    "preview",
    "write_bills",
    "write_out",
]
