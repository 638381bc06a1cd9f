"""What Zoho's own SDK reads from a server: run by its own interpreter, not by ours.

Standard input: {"url", "client_id", "client_secret", "refresh_token", "modules", "since"} as JSON.
Standard output: what it read, as JSON; files as text.
"""

import io
import json
import sys
import tempfile
import time
import zipfile
from datetime import datetime
from typing import Any

from zohocrmsdk.src.com.zoho.api.authenticator.oauth_token import OAuthToken
from zohocrmsdk.src.com.zoho.api.authenticator.store.file_store import FileStore
from zohocrmsdk.src.com.zoho.crm.api import HeaderMap, ParameterMap
from zohocrmsdk.src.com.zoho.crm.api.bulk_read import (
    ActionWrapper,
    BodyWrapper,
    BulkReadOperations,
    Criteria,
    FileBodyWrapper,
    Query,
    ResponseWrapper,
    SuccessResponse,
)
from zohocrmsdk.src.com.zoho.crm.api.dc.data_center import DataCenter
from zohocrmsdk.src.com.zoho.crm.api.fields import FieldsOperations, GetFieldsParam, MinifiedField
from zohocrmsdk.src.com.zoho.crm.api.initializer import Initializer
from zohocrmsdk.src.com.zoho.crm.api.modules import MinifiedModule, ModulesOperations
from zohocrmsdk.src.com.zoho.crm.api.org import OrgOperations
from zohocrmsdk.src.com.zoho.crm.api.record import (
    GetDeletedRecordsHeader,
    GetDeletedRecordsParam,
    RecordOperations,
)
from zohocrmsdk.src.com.zoho.crm.api.users import GetUsersParam, UsersOperations
from zohocrmsdk.src.com.zoho.crm.api.util import Choice

ROWS = 5  # small pages


def main() -> None:
    """Read everything."""
    given = json.load(sys.stdin)
    with tempfile.TemporaryDirectory() as folder:
        token = initialize(given, folder)
        since = datetime.fromisoformat(given["since"])
        said = {
            "asking": token.get_user_signature().get_name(),
            "organization": got(OrgOperations().get_organization()).get_org()[0].get_company_name(),
            "modules": [one.get_api_name() for one in got(ModulesOperations().get_modules()).get_modules()],
            "users": {one.get_email(): str(one.get_id()) for one in users()},
            "fields": {name: fields(name) for name in given["modules"]},
            "files": {name: list(files(name, since)) for name in given["modules"]},
            "deleted": {name: deleted(name, since) for name in given["modules"]},
        }
    sys.stdout.write(json.dumps(said))


def initialize(given: dict[str, Any], folder: str) -> OAuthToken:
    """Log in; the SDK asks by itself whose token it is."""
    environment = DataCenter.Environment(given["url"], given["url"] + "/oauth/v2/token", given["url"])
    token = OAuthToken(given["client_id"], given["client_secret"], refresh_token=given["refresh_token"])
    Initializer.initialize(environment, token, FileStore(f"{folder}/tokens"), resource_path=folder)
    return token


def got(response: Any) -> Any:
    """The object in an answer that is one, and no exception of theirs."""
    assert response is not None, "the SDK could not make anything of the answer"
    found = response.get_object()
    assert type(found).__name__ != "APIException", (found.get_code().get_value(), found.get_message())
    return found


def users() -> list[Any]:
    """Everybody, page by page."""
    found, page = [], 1
    while True:
        asked = ParameterMap()
        asked.add(GetUsersParam.type, "AllUsers")
        asked.add(GetUsersParam.page, page)
        asked.add(GetUsersParam.per_page, ROWS)
        answer = got(UsersOperations().get_users(asked))
        found += answer.get_users()
        if not answer.get_info().get_more_records():
            return found
        page += 1


def fields(module: str) -> dict[str, str]:
    """The fields of a module, and their kinds."""
    asked = ParameterMap()
    asked.add(GetFieldsParam.module, module)
    found = got(FieldsOperations().get_fields(asked)).get_fields()
    return {one.get_api_name(): one.get_data_type() for one in found}


def files(module: str, since: datetime) -> Any:
    """What a bulk read gives, page after page: a job for each."""
    token = None
    while True:
        job = got(BulkReadOperations().create_bulk_read_job(question(module, since, token)))
        assert isinstance(job, ActionWrapper)
        made = job.get_data()[0]
        assert isinstance(made, SuccessResponse), made.get_code().get_value()
        number = int(made.get_details()["id"])
        result = completed(number)
        loaded = BulkReadOperations().download_result(number).get_object()
        assert isinstance(loaded, FileBodyWrapper)
        with zipfile.ZipFile(io.BytesIO(loaded.get_file().get_stream().content)) as archive:
            (name,) = archive.namelist()
            yield archive.read(name).decode()
        if not result.get_more_records():
            return
        token = result.get_next_page_token()


def question(module: str, since: datetime, token: str | None) -> BodyWrapper:
    """All fields of what was modified since a moment."""
    named, field, criteria = MinifiedModule(), MinifiedField(), Criteria()
    query, body = Query(), BodyWrapper()
    named.set_api_name(module)
    field.set_api_name("Modified_Time")
    criteria.set_field(field)
    criteria.set_comparator(Choice("greater_equal"))
    criteria.set_value(since.isoformat())
    query.set_module(named)
    query.set_criteria(criteria)
    if token:
        query.set_page_token(token)
    else:
        query.set_page(1)
    body.set_query(query)
    return body


def completed(number: int) -> Any:
    """The result of a job, once it has one."""
    for _ in range(200):
        wrapper = got(BulkReadOperations().get_bulk_read_job_details(number))
        assert isinstance(wrapper, ResponseWrapper)
        job = wrapper.get_data()[0]
        state = job.get_state().get_value()
        assert state in {"ADDED", "QUEUED", "IN PROGRESS", "COMPLETED"}, state
        if state == "COMPLETED":
            return job.get_result()
        time.sleep(0.02)
    raise TimeoutError(number)


def deleted(module: str, since: datetime) -> list[list[str]]:
    """What was deleted since: id, kind, moment."""
    found: list[list[str]] = []
    page = 1
    while True:
        asked, header = ParameterMap(), HeaderMap()
        asked.add(GetDeletedRecordsParam.type, "all")
        asked.add(GetDeletedRecordsParam.page, page)
        asked.add(GetDeletedRecordsParam.per_page, 1)
        header.add(GetDeletedRecordsHeader.if_modified_since, since)
        answer = RecordOperations(module).get_deleted_records(asked, header)
        assert answer is not None, "the SDK could not make anything of the answer"
        if answer.get_status_code() in {204, 304}:
            return found
        wrapper = got(answer)
        found += [
            [str(one.get_id()), one.get_type(), one.get_deleted_time().isoformat()]
            for one in wrapper.get_data()
        ]
        page += 1


main()
