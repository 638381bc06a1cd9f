"""Asks the sandbox's Zoho as plainly as can be."""

import csv
import io
import zipfile
from datetime import UTC, datetime
from typing import Any

import requests

from observes_assets.sandbox.zoho import Zoho

BULK = "/crm/bulk/v8/read"
AT = datetime(2026, 10, 8, 15, 30, tzinfo=UTC)


class Caller:
    """Has an access token when it is made."""

    def __init__(self, zoho: Zoho) -> None:
        self.zoho = zoho
        self.session = requests.Session()
        self.renew()

    def token(self, **instead: str) -> Any:
        """What the accounts server says, with other words where they are given."""
        login = self.zoho.credentials
        said = {"grant_type": "refresh_token", "client_id": login.client_id}
        said |= {"client_secret": login.client_secret, "refresh_token": login.refresh_token}
        answer = requests.post(f"{self.zoho.address}/oauth/v2/token", data=said | instead, timeout=120)
        assert answer.status_code == 200
        return answer.json()

    def renew(self) -> None:
        """Take another access token."""
        self.session.headers["Authorization"] = f"Zoho-oauthtoken {self.token()['access_token']}"

    def get(self, path: str, headers: dict[str, str] | None = None, **query: Any) -> requests.Response:
        """One answer."""
        return self.session.get(f"{self.zoho.address}{path}", params=query, headers=headers, timeout=120)

    def ask(self, module: str, **query: Any) -> requests.Response:
        """Ask for a job."""
        body = {"query": {"module": {"api_name": module}} | query}
        return self.session.post(f"{self.zoho.address}{BULK}", json=body, timeout=120)

    def job(self, module: str, **query: Any) -> str:
        """The id of a new job."""
        answer = self.ask(module, **query)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["data"][0]["details"]["id"])

    def state(self, job: str) -> Any:
        """What a job says."""
        return self.get(f"{BULK}/{job}").json()["data"][0]

    def rows(self, job: str) -> list[dict[str, str]]:
        """The result of a job that is completed."""
        answer = self.get(self.state(job)["result"]["download_url"])
        assert answer.status_code == 200, answer.text
        with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
            assert archive.namelist() == [f"{job}.csv"]
            text = archive.read(f"{job}.csv").decode()
        return list(csv.DictReader(io.StringIO(text, newline="")))

    def read(self, module: str, **query: Any) -> list[dict[str, str]]:
        """Everything that a job for a module finds."""
        return self.rows(self.job(module, **query))


def since(moment: str, comparator: str = "greater_equal") -> dict[str, Any]:
    """Criteria on when a record was modified."""
    return {"field": {"api_name": "Modified_Time"}, "comparator": comparator, "value": moment}


def code(answer: requests.Response) -> str:
    """What a refusal is called, alone or in a list."""
    said = answer.json()
    return str((said["data"][0] if "data" in said else said)["code"])
