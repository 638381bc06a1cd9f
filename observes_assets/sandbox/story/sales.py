"""What sells: leads, customers, deals that move, and the papers and talk around them.

It draws from a generator of its own, so that the rest of the story is the same with and without it.
"""

import random
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

from observes_assets.sandbox.company import Company, crm
from observes_assets.sandbox.company.entities import Person
from observes_assets.sandbox.company.entries import Entry
from observes_assets.sandbox.story import Process, Story

SELLERS = ("kira-novak", "ines-prado", "hugo-marin", "finn-ostberg")
# Name, industry, and what the company's portfolio calls them, if it bills them.
CUSTOMERS = (
    ("Demo Retail Group", "Retail", "demo"),
    ("Yours & Sons", "Large Enterprise", "yours"),
    ("Halvorsen Freight AS", "Transportation", None),
    ("Nimbus Clinics", "Health", None),
    ('Orchard "Blue" Press', "Communications", None),
    ("Quillmark Works, in-house", "Communications", "quillmark-works"),
)
STAGES = (
    ("Qualification", 10),
    ("Needs Analysis", 20),
    ("Value Proposition", 40),
    ("Proposal/Price Quote", 75),
    ("Negotiation/Review", 90),
)
_COMPANIES = ("Amber", "Birch", "Cobalt", "Delta", "Ember", "Fjord", "Grove", "Harrow", "Indigo", "Juniper")
_TRADES = ("Logistics", "Bakeries", "Insurance", "Tools", "Travel", "Media", "Energy", "Schools")
_FIRST = ("Ana", "Björn", "Chloé", "Dmitri", "Eun-ji", "Farid", "Grethe", "Hiro", "Ilse", "João")
_LAST = ("O'Neill", "Nuñez", "van der Berg", "Kowalska", "Sato", "Haddad", "Lund", "Moreau")
_SOURCES = ("Cold Call", "Web Download", "Partner", "Trade Show", "External Referral", None)
_PLANS = ("Squad", "Essential")
CENT = Decimal("0.01")


@dataclass
class Sales:
    """The company as those who sell see it, and the chances that they take."""

    story: Story
    draw: random.Random
    campaigns: list[Entry] = field(default_factory=list)
    accounts: list[Entry] = field(default_factory=list)

    @property
    def company(self) -> Company:
        """The company now."""
        return self.story.company

    def seller(self) -> Person:
        """Somebody who sells and has not left."""
        people = [self.company.people[login] for login in SELLERS]
        return self.draw.choice([one for one in people if one.is_member])

    def enter(self, module: str, owner: Person, /, **values: Any) -> Entry:
        """A new entry."""
        return crm.enter(self.company, module, owner, **values)

    def is_there(self, entry: Entry | None) -> bool:
        """Whether an entry is still in the lists."""
        return entry is not None and crm.is_there(self.company, entry)

    def days(self, low: int, high: int) -> timedelta:
        """A wait of some days, with odd hours and seconds."""
        return timedelta(days=self.draw.randint(low, high), seconds=self.draw.randint(0, 30_000))

    def amount(self, low: int, high: int) -> Decimal:
        """Money, to the cent."""
        return (Decimal(self.draw.randint(low * 100, high * 100)) / 100).quantize(CENT)


def sales(story: Story) -> Process:
    """Set up what is sold, and to whom; then let leads come, and customers call."""
    from observes_assets.sandbox.story import deals, desk  # noqa: PLC0415 - they use this module's words

    one = Sales(story, random.Random(f"sales of {story.seed}"))  # noqa: S311
    _offer(one)
    _know(one)
    story.begin(desk.upkeep(one))
    for account in tuple(one.accounts):
        story.begin(deals.deal(one, account, None, account.owner))
    while True:
        for _ in range(story.size):
            story.begin(_lead(one))
        yield one.days(4, 9)
        if one.draw.random() < 0.5:  # those who are customers already buy again
            account = one.draw.choice(one.accounts)
            if one.is_there(account):
                story.begin(deals.deal(one, account, None, one.seller()))


def _offer(one: Sales) -> None:
    """What is sold, and what is bought to sell it."""
    boss = one.company.people["kira-novak"]
    vendor = one.enter(
        "Vendors",
        boss,
        Vendor_Name="Cloudstead",
        Email="billing@cloudstead.example",
        Website="cloudstead.example",
    )
    for plan, price in zip(_PLANS, ("99.00", "10.00"), strict=True):
        _product(one, boss, vendor, plan, Decimal(price))
    one.enter("Price_Books", boss, Price_Book_Name="List prices", Pricing_Model="Flat", Active=True)
    one.enter(
        "Purchase_Orders",
        boss,
        Subject="Machines for a year",
        Status="Delivered",
        Vendor_Name=vendor,
        PO_Date=one.company.now.date(),
        Grand_Total=Decimal("18400.00"),
    )
    for name, kind in (("Spring fair", "Trade Show"), ("Letters", "Direct Mail")):
        told = {"Campaign_Name": name, "Type": kind, "Status": "Active"}
        begun = {"Start_Date": one.company.now.date(), "Budgeted_Cost": Decimal("2500.00")}
        one.campaigns.append(one.enter("Campaigns", boss, **told, **begun))


def _product(one: Sales, boss: Person, vendor: Entry, plan: str, price: Decimal) -> None:
    product = one.enter(
        "Products",
        boss,
        Product_Name=f"Authors, {plan}",
        Product_Code=f"QW-{plan[:2].upper()}",
        Unit_Price=price,
        Product_Active=True,
        Vendor_Name=vendor,
    )
    one.enter(
        "Solutions",
        boss,
        Solution_Title=f"What {plan} holds",
        Status="Published",
        Question=f"Who counts as an author in {plan}?",
        Answer="Whoever commits, once a month.\nBots don't.",
        Product_Name=product,
    )


def _know(one: Sales) -> None:
    """The customers that were there before the CRM was."""
    for name, industry, billed_as in CUSTOMERS:
        account = one.enter(
            "Accounts",
            one.seller(),
            Account_Name=name,
            Industry=industry,
            Website=f"{(billed_as or name.split()[0]).lower().strip(chr(34))}.example",
            Annual_Revenue=one.amount(200_000, 9_000_000),
            Billing_Country=one.draw.choice(("Norway", "Chile", "Colombia", "Portugal")),
            Description=f'A customer from the start.\nCalls it "{name.split()[0]}", prefers mail, pays late.',
        )
        one.accounts.append(account)
        person(one, account)


def person(one: Sales, account: Entry) -> Entry:
    """Somebody who works for a customer."""
    first, last = one.draw.choice(_FIRST), one.draw.choice(_LAST)
    return one.enter(
        "Contacts",
        account.owner,
        First_Name=first,
        Last_Name=last,
        Email=_email(first, one.company.next_id("address")),
        Phone=f"+1 555 {one.draw.randint(1000, 9999)}",
        Lead_Source=one.draw.choice(_SOURCES),
        Account_Name=account,
    )


def _email(first: str, number: int) -> str:
    letters = "".join(letter for letter in first.lower() if letter.isascii() and letter.isalpha())
    return f"{letters}{number}@customers.example"


def _lead(one: Sales) -> Process:
    """Somebody who might buy: asked, and converted, lost, thrown away or left lying."""
    from observes_assets.sandbox.story import deals  # noqa: PLC0415

    company, owner = one.company, one.seller()
    first, last = one.draw.choice(_FIRST), one.draw.choice(_LAST)
    lead = one.enter(
        "Leads",
        owner,
        Company=f"{one.draw.choice(_COMPANIES)} {one.draw.choice(_TRADES)}",
        First_Name=first,
        Last_Name=last,
        Email=_email(first, company.next_id("address")),
        Phone=f"+1 555 {one.draw.randint(1000, 9999)}",
        Industry=one.draw.choice(("Retail", "Health", "Finance", None)),
        Lead_Source=one.draw.choice(_SOURCES),
        Lead_Status="Not Contacted",
        Description='Asked for a price.\r\nSaid: "soon", twice.',
    )
    yield one.days(1, 6)
    crm.change(company, lead, owner, Lead_Status="Contacted")
    yield one.days(2, 12)
    fate = one.draw.choices(("converted", "lost", "deleted", "left"), (55, 20, 10, 15))[0]
    if fate == "converted":
        account, contact = crm.convert(company, lead, owner)
        one.accounts.append(account)
        one.story.begin(deals.deal(one, account, contact, owner))
    elif fate == "lost":
        crm.change(company, lead, owner, Lead_Status="Lost Lead")
    elif fate == "deleted":
        crm.delete(company, lead, owner)
