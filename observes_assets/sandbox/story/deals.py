"""A deal: from stage to stage, by calls, meetings and papers, until it is won, lost or forgotten."""

from datetime import timedelta
from decimal import Decimal

from observes_assets.sandbox.company import crm
from observes_assets.sandbox.company.entities import Person
from observes_assets.sandbox.company.entries import Entry
from observes_assets.sandbox.story import Process
from observes_assets.sandbox.story.sales import CENT, STAGES, Sales

_EURO = Decimal("1.08")  # what one costs, in the company's currency


def deal(one: Sales, account: Entry, contact: Entry | None, owner: Person) -> Process:
    """The life of a deal; it may end at any step."""
    company = one.company
    made = _begun(one, account, contact, owner)
    step = 0
    while step < len(STAGES) - 1:
        yield one.days(2, 14)
        fate = one.draw.choices(("on", "back", "lost", "left"), (78, 7, 12, 3))[0]
        if fate == "left" or not one.is_there(made):
            return
        if fate == "lost":
            end = one.draw.choice(("Closed Lost", "Closed Lost to Competition"))
            crm.change(company, made, made.owner, Stage=end, Probability=0, Closing_Date=company.now.date())
            return
        step = step + 1 if fate == "on" else max(step - 1, 0)
        amount = made.values["Amount"]
        if one.draw.random() < 0.3:
            amount = (amount * one.draw.choice((Decimal("0.9"), Decimal("1.15")))).quantize(CENT)
        stage, probability = STAGES[step]
        crm.change(company, made, made.owner, Stage=stage, Probability=probability, Amount=amount)
        talk(one, made, contact)
    yield one.days(1, 9)
    if one.is_there(made):
        crm.change(
            company, made, made.owner, Stage="Closed Won", Probability=100, Closing_Date=company.now.date()
        )
        yield from _papers(one, made, account, contact)


def _begun(one: Sales, account: Entry, contact: Entry | None, owner: Person) -> Entry:
    is_euro = one.draw.random() < 0.3
    stage, probability = STAGES[0]
    return one.enter(
        "Deals",
        owner,
        Deal_Name=f"{account.values['Account_Name']}: {one.draw.randint(3, 60)} authors",
        Account_Name=account,
        Contact_Name=contact,
        Amount=one.amount(900, 40_000),
        Currency="EUR" if is_euro else "USD",
        Exchange_Rate=_EURO if is_euro else Decimal(1),
        Stage=stage,
        Probability=probability,
        Closing_Date=(one.company.now + timedelta(days=one.draw.randint(30, 90))).date(),
        Lead_Source=one.draw.choice(("Partner", "Web Download", None)),
        Type=one.draw.choice(("New Business", "Existing Business")),
        Campaign_Source=one.draw.choice([*one.campaigns, None]),
        Description='First thoughts:\n- price, "all in"\n- who signs?',
    )


def talk(one: Sales, made: Entry, contact: Entry | None) -> None:
    """One thing that is said or planned about a deal."""
    now, owner = one.company.now, made.owner
    about = {"What_Id": made, "Who_Id": contact}
    kind = one.draw.choice(("Tasks", "Calls", "Events", "Notes"))
    if kind == "Tasks":
        due_on = (now + timedelta(days=3)).date()
        planned = {"Due_Date": due_on, "Status": "Not Started", "Priority": "High"}
        one.story.begin(_finish(one, one.enter(kind, owner, Subject="Send the price", **planned, **about)))
    elif kind == "Calls":
        _call(one, owner, about)
    elif kind == "Events":
        start = now + timedelta(days=2)
        when = {"Start_DateTime": start, "End_DateTime": start + timedelta(minutes=45)}
        one.enter(kind, owner, Event_Title="A look at it together", Venue="Online", **when, **about)
    else:
        text = 'Wants it by "spring".\nWhich?'
        one.enter(kind, owner, Note_Title=None, Note_Content=text, Parent_Id=made)


def _call(one: Sales, owner: Person, about: dict[str, Entry | None]) -> None:
    seconds = one.draw.randint(20, 1800)
    one.enter(
        "Calls",
        owner,
        Subject="Asked how it goes",
        Call_Type=one.draw.choice(("Outbound", "Inbound", "Missed")),
        Call_Start_Time=one.company.now,
        Call_Duration=f"{seconds // 60:02}:{seconds % 60:02}",
        Call_Duration_in_seconds=seconds,
        **about,
    )


def _finish(one: Sales, task: Entry) -> Process:
    yield one.days(1, 8)
    if one.is_there(task):
        crm.change(one.company, task, task.owner, Status="Completed", Closed_Time=one.company.now)


def _papers(one: Sales, made: Entry, account: Entry, contact: Entry | None) -> Process:
    """What follows from a deal that was won: quote, order, invoice; the last one is paid, or not yet."""
    total = made.values["Amount"]
    money = {"Currency": made.values["Currency"], "Exchange_Rate": made.values["Exchange_Rate"]}
    papers = {"Account_Name": account, "Grand_Total": total, **money}
    subject = made.values["Deal_Name"]
    quote = one.enter(
        "Quotes",
        made.owner,
        Subject=subject,
        Quote_Stage="Delivered",
        Deal_Name=made,
        Contact_Name=contact,
        **papers,
    )
    yield one.days(1, 4)
    order = one.enter(
        "Sales_Orders",
        made.owner,
        Subject=subject,
        Status="Created",
        Deal_Name=made,
        Quote_Name=quote,
        **papers,
    )
    crm.change(one.company, quote, made.owner, Quote_Stage="Confirmed")
    yield one.days(3, 10)
    today = one.company.now.date()
    due_on = today + timedelta(days=30)
    invoice = one.enter(
        "Invoices",
        made.owner,
        Subject=subject,
        Status="Created",
        Sales_Order=order,
        Invoice_Date=today,
        Due_Date=due_on,
        **papers,
    )
    yield one.days(10, 45)
    crm.change(one.company, invoice, made.owner, Status="Paid")
