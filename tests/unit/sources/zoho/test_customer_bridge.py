"""The bridge that comes along leads from the sandbox's customers and projects to its portfolio."""

import csv
from datetime import date, timedelta
from pathlib import Path

from observes_assets.sandbox.story import FOUNDED_AT
from observes_assets.sandbox.story.sales import CUSTOMERS
from observes_assets.sandbox.timedoctor.tasks import PROJECTS, project_id
from observes_assets.sandbox.world import World
from observes_assets.sandbox.zoho.names import entry_id
from observes_assets.sources.portfolio import default

SEED = Path(__file__).parents[4] / "dbt_project" / "seeds" / "customer_bridge.csv"


def rows(source: str) -> dict[str, str]:
    with SEED.open(newline="") as file:
        found = [row for row in csv.DictReader(file) if row["source_name"] == source]
    assert all(date.fromisoformat(row["reviewed_on"]) for row in found)
    assert len({row["vendor_id"] for row in found}) == len(found)
    return {row["vendor_id"]: row["organization_name"] for row in found}


def test_accounts_lead_to_the_organizations_that_the_company_bills() -> None:
    company = World(at=FOUNDED_AT + timedelta(days=1)).company
    accounts = {one.values["Account_Name"]: entry_id(one) for one in company.crm.entries["Accounts"].values()}
    billed = {accounts[name]: organization for name, _, organization in CUSTOMERS if organization}
    assert rows("zoho") == billed
    assert len(accounts) > len(billed), "some are matched by nobody"


def test_projects_lead_to_the_organization_whose_repository_or_group_they_are() -> None:
    names = {project_id(name): name for name in PROJECTS}
    text = Path(default.__file__).read_text()
    for project, organization in rows("timedoctor").items():
        listed = text[text.index(f"- name: {organization}") :]
        assert names[project] in listed.split("\n\n")[0].split("\n# ")[0]
