"""Asks the sandbox's TimeDoctor as plainly as can be."""

import time
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import requests

from observes_assets.sandbox.timedoctor import API, TimeDoctor
from observes_assets.sandbox.timedoctor.credentials import code


class Caller:
    """Logged in when it is made."""

    def __init__(self, timedoctor: TimeDoctor) -> None:
        self.timedoctor = timedoctor
        self.session = requests.Session()
        answer = self.log_in()
        assert answer.status_code == 200, answer.text
        self.session.headers["Authorization"] = f"JWT {answer.json()['data']['token']}"

    def log_in(self, **instead: Any) -> requests.Response:
        """The login, with other words where they are given."""
        login = self.timedoctor.credentials
        code_now = code(login.totp_secret, time.time()) if login.totp_secret else ""
        said = {"email": login.email, "password": login.password, "totpCode": code_now, "permissions": "read"}
        url = f"{self.timedoctor.address}{API}/login"
        return requests.post(url, json=said | instead, timeout=120)

    def get(self, path: str, **query: Any) -> requests.Response:
        """One answer."""
        asked = {"company": self.timedoctor.company_id} | query
        return self.session.get(f"{self.timedoctor.address}{API}{path}", params=asked, timeout=120)

    def all(self, path: str, **query: Any) -> list[Any]:
        """Every page of a list."""
        rows, page = [], None
        while True:
            answer = self.get(path, **query, **({} if page is None else {"page": page})).json()
            rows += answer["data"]
            page = (answer.get("page") or answer["paging"]).get("next")
            if page is None:
                return rows

    def worklogs(self, users: Sequence[str], since: datetime, until: datetime) -> list[list[Any]]:
        """Everything about some users' sessions of a window: one list a user."""
        window = {"from": since.isoformat(), "to": until.isoformat()}
        how = {"detail": "true", "task-project-names": "true"}
        found: list[list[Any]] = self.get("/activity/worklog", user=",".join(users), **window, **how).json()[
            "data"
        ]
        return found
