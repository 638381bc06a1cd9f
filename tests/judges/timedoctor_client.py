"""What Fluid Attacks' TimeDoctor SDK reads from a server: run by its own interpreter, not by ours.

Standard input: {"url", "email", "password", "from", "to"} as JSON. Standard output: what it read, as JSON.
"""

import dataclasses
import json
import logging
import sys
from datetime import datetime
from typing import Any

from fa_purity import ResultE, Stream, Unsafe
from fa_purity.date_time import DatetimeFactory, DatetimeTZ
from fluidattacks_etl_utils.date_range import DateRange
from fluidattacks_timedoctor_sdk import core
from fluidattacks_timedoctor_sdk.auth import AuthClientFactory, Credentials
from fluidattacks_timedoctor_sdk.client import new_api_client
from pure_requests.basic import Endpoint


def main() -> None:
    """Log in, read everything, log out."""
    given = json.load(sys.stdin)
    core.TIMEDOCTOR_API = Endpoint(given["url"])
    login = AuthClientFactory.new()
    token = right(Unsafe.compute(login.new_token(Credentials(given["email"], given["password"]))))
    client = new_api_client(logging.getLogger("judge"), token)
    company, name = Unsafe.compute(client.get_token_companies_id)[0]
    users = everything(client.get_users_id(company))
    dates = right(DateRange.new(moment(given["from"]), moment(given["to"])))
    said = {
        "company": [company.company, name.name],
        "users": {one.id.user_id: one.email.email for one in users},
        "projects": [one[0].project_id for one in everything(client.get_projects_id(company))],
        "worklogs": [
            dataclasses.asdict(one) | {"start": one.start.date_time.isoformat()}
            for user in users
            for one in right(Unsafe.compute(client.get_worklogs(company, user.id, dates)))
        ],
        "screenshots": [
            [one.user.user_id, one.device.device, one.date.date_time.isoformat(), one.file_index]
            for user in users
            for one in right(Unsafe.compute(client.get_activity_files(company, user.id, dates, "screenshot")))
        ],
    }
    right(Unsafe.compute(login.revoke_token(token)))
    sys.stdout.write("\n" + json.dumps(said, default=lambda one: getattr(one, "value", str(one))))


def right(result: ResultE[Any]) -> Any:
    """The value, or what was wrong with it."""
    return result.alt(Unsafe.raise_exception).to_union()


def everything(pages: Stream[Any]) -> list[Any]:
    """What all pages hold."""
    return [one for page in Unsafe.compute(pages.to_list()) for one in page]


def moment(text: str) -> Any:
    """A moment as the SDK wants it."""
    return DatetimeFactory.to_utc(right(DatetimeTZ.assert_tz(datetime.fromisoformat(text))))


main()
