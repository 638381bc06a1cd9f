"""What goes on in the CRM beside the deals: complaints, tidying, mistakes, new fields, people who leave."""

from datetime import date, timedelta

from observes_assets.sandbox.company import crm
from observes_assets.sandbox.company.entries import Entry
from observes_assets.sandbox.story import Process, on
from observes_assets.sandbox.story.sales import Sales, person


def upkeep(one: Sales) -> Process:
    """Everything that comes back, and what happens on a certain day."""
    story = one.story
    story.begin(_cases(one))
    story.begin(_duplicates(one), on(date(2026, 2, 3), 14))
    story.begin(_mistakes(one), on(date(2026, 2, 11), 15))
    story.begin(_fields(one), on(date(2026, 6, 9), 10))
    story.begin(_workflow(one), on(date(2026, 3, 2), 2))
    story.begin(_leaver(one), on(date(2026, 8, 14), 17))
    yield timedelta(0)


def _cases(one: Sales) -> Process:
    while True:
        yield one.days(6, 14)
        account = one.draw.choice(one.accounts)
        if not one.is_there(account):
            continue
        case = one.enter(
            "Cases",
            one.seller(),
            Subject=one.draw.choice(("The bill is too high", "Who are these authors?", "No bill came")),
            Status="New",
            Priority=one.draw.choice(("Low", "High", None)),
            Case_Origin=one.draw.choice(("Email", "Phone")),
            Account_Name=account,
            Description='They write:\n\n"We counted, and get less."\n',
        )
        one.story.begin(_answer(one, case))


def _answer(one: Sales, case: Entry) -> Process:
    yield one.days(1, 5)
    crm.change(one.company, case, case.owner, Status="Closed")


def _duplicates(one: Sales) -> Process:
    """A customer is entered twice, and some days later the two become one."""
    while True:
        account = one.draw.choice(one.accounts)
        if one.is_there(account):
            values = {name: account.values.get(name) for name in ("Account_Name", "Industry")}
            twin = one.enter("Accounts", one.seller(), **values)
            person(one, twin)
            yield one.days(1, 6)
            if one.is_there(account):
                crm.merge(one.company, account, twin, one.seller())
        yield one.days(25, 45)


def _mistakes(one: Sales) -> Process:
    """Contacts and deals thrown away; now and then one is taken out of the bin again."""
    company = one.company
    while True:
        found = [*company.crm.entries["Contacts"].values(), *company.crm.entries["Deals"].values()]
        entry = one.draw.choice(found[len(found) // 2 :])
        crm.delete(company, entry, one.seller())
        yield one.days(2, 5)
        if one.draw.random() < 0.3:
            crm.restore(company, entry)
        crm.empty_bin(company)
        yield one.days(14, 25)


def _workflow(one: Sales) -> Process:
    """Somebody's rule runs over all contacts, every quarter of a year."""
    while True:
        crm.touch_all(one.company, "Contacts", one.company.people["kira-novak"])
        yield timedelta(days=91)


def _fields(one: Sales) -> Process:
    """New columns: they come into every answer at once, and are filled bit by bit."""
    company, boss = one.company, one.company.people["kira-novak"]
    crm.add_column(company, "Deals", "Renewal", "Renewal", "boolean")
    for entry in list(company.crm.entries["Deals"].values())[-5:]:
        crm.change(company, entry, boss, Renewal=True)
        yield timedelta(minutes=one.draw.randint(3, 50))
    yield on(date(2026, 9, 15), 10)
    crm.add_column(company, "Accounts", "Segment", "Segment", "picklist")
    for entry in list(company.crm.entries["Accounts"].values())[:5]:
        crm.change(company, entry, boss, Segment=one.draw.choice(("Small", "Large")))
        yield timedelta(minutes=one.draw.randint(3, 50))


def _leaver(one: Sales) -> Process:
    """Somebody who sold has left: half of what they owned is handed over, the rest is still theirs."""
    company, gone = one.company, one.company.people["hugo-marin"]
    yield timedelta(hours=3)
    owned = [entry for entry in company.crm.entries["Deals"].values() if entry.owner is gone]
    for entry in owned[::2]:
        crm.hand_over(company, entry, company.people["ines-prado"], company.people["kira-novak"])
        yield timedelta(minutes=1)
