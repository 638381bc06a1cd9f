"""Bulk read jobs: asked for, waited for, downloaded, forgotten.

A job reads the module at the moment when it is made. It lies in a folder, so that whoever serves the same
company next still knows it. How long it takes is by the machine's clock, how long its result is kept by the
world's.
"""

import csv
import hashlib
import io
import time
import zipfile
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import orjson

from observes_assets.sandbox.company import Company
from observes_assets.sandbox.messages import Answer, Request
from observes_assets.sandbox.zoho import catalogue
from observes_assets.sandbox.zoho.catalogue import Module
from observes_assets.sandbox.zoho.criteria import UnusableCriteriaError, understood
from observes_assets.sandbox.zoho.messages import refused_job
from observes_assets.sandbox.zoho.names import ASKING, entry_id, stamp, text, user, zoho_id
from observes_assets.sandbox.zoho.records import shown, value

PATH = "/crm/bulk/v8/read"
_MOST_PAGES = 50
_STATES = ("ADDED", "QUEUED", "IN PROGRESS", "COMPLETED")
_NUMBERED_SINCE = 1_767_225_600_000  # the beginning of 2026: a number is never given twice
_RESULT_KEPT, _JOB_KEPT = timedelta(days=1), timedelta(days=7)


@dataclass
class Jobs:
    """Jobs, and how they fare. ``seconds`` is how long one takes; ``per_page`` how many rows it may have.

    ``fates`` maps a module's name, or ``*``, to the state in which its jobs, made from now on, end: QUEUED is
    for ever, FAILURE at once, and whatever Zoho may think of next is said as it is.
    """

    folder: Path | None = None
    seconds: float = 0.2
    per_page: int = 200_000
    fates: dict[str, str] = field(default_factory=dict)
    _own: TemporaryDirectory[str] | None = None

    def __post_init__(self) -> None:
        if self.folder is None:
            self._own = TemporaryDirectory(prefix="observes-zoho-")
            self.folder = Path(self._own.name)
        self.folder.mkdir(parents=True, exist_ok=True)
        for path in self.folder.iterdir():
            if path.stat().st_mtime < time.time() - _JOB_KEPT.total_seconds():
                path.unlink(missing_ok=True)

    def create(self, company: Company, request: Request) -> Answer:
        """Make a job of what is asked."""
        try:
            query = orjson.loads(request.body)["query"]
            module = catalogue.modules().get(query["module"]["api_name"])
        except (orjson.JSONDecodeError, KeyError, TypeError):
            return refused_job(400, "REQUEST_BODY_NOT_READABLE", "the request body is not readable")
        if module is None:
            named = {"module": query["module"]["api_name"]}
            return refused_job(400, "MODULE_NOT_AVAILABLE", "the given module is not available", **named)
        if not module.is_bulk:
            return refused_job(400, "MODULE_NOT_SUPPORTED", "the module is not supported in bulk read")
        fields = {one.name: one for one in catalogue.fields(company, module)}
        if missing := [one for one in query.get("fields", []) if one not in fields and one != "id"]:
            return refused_job(400, "FIELD_NOT_AVAILABLE", "the field is not available", api_name=missing[0])
        try:
            page, start = self._start(query)
            holds = understood(company, fields, query.get("criteria"))
        except UnusableCriteriaError as error:
            return error.answer
        found = [entry for entry in shown(company, module) if holds(entry)]
        rows = found[start : start + self.per_page]
        more = start + self.per_page < len(found)
        token = _word_for(query, page + 1) if more else None
        result = {"page": page, "per_page": self.per_page, "count": len(rows), "more_records": more}
        number = self._add(company, query | {"page": page}, module, result | {"next_page_token": token})
        names = query.get("fields") or list(fields)
        self._write(number, company, ["id", *(one for one in names if one != "id")], rows)
        return self._added(company, number)

    def details(self, company: Company, number: str) -> Answer:
        """How a job fares. Unfinished ones have no result."""
        if (job := self._job(company, number)) is None:
            return refused_job(404, "RESOURCE_NOT_FOUND", "The requested resource doesn't exist.")
        state = self._state(job)
        shown_keys = ("id", "operation", "query", "created_by", "created_time", "file_type")
        body = {name: job[name] for name in shown_keys} | {"state": state}
        if state == "COMPLETED":
            body["result"] = job["result"]
        return Answer(200, {"data": [body]})

    def result(self, company: Company, number: str) -> Answer:
        """The zip of a job that is completed, as long as it is kept."""
        job = self._job(company, number)
        if job is None or self._state(job) != "COMPLETED" or self._age(company, job) > _RESULT_KEPT:
            return refused_job(404, "RESOURCE_NOT_FOUND", "The requested resource doesn't exist.")
        headers = {
            "Content-Type": "application/x-download",
            "Content-Disposition": f"attachment;filename*=UTF-8''{number}.zip",
        }
        return Answer(200, self._path(number, "zip").read_bytes(), headers)

    def _start(self, query: dict[str, Any]) -> tuple[int, int]:
        """Which page is asked for, and the place of its first row."""
        page = int(query.get("page") or 1)
        if token := query.get("page_token"):
            said = _page_of(query, str(token))
            if said is None:
                raise UnusableCriteriaError(
                    "INVALID_REQUEST", "the page token is not valid", api_name="page_token"
                )
            page = said
        elif not 1 <= page <= _MOST_PAGES:
            raise UnusableCriteriaError(
                "PAGE_RANGE_EXCEEDED", "the page is out of range", max_limit=_MOST_PAGES
            )
        return page, (page - 1) * self.per_page

    def _add(self, company: Company, query: dict[str, Any], module: Module, result: dict[str, Any]) -> str:
        """Keep what was asked under a number that nobody has taken, in this process or another."""
        fate = self.fates.get(module.name) or self.fates.get("*")
        number = int(time.time() * 1000) - _NUMBERED_SINCE
        while True:
            number += 1
            name = zoho_id("job", number)
            about = {
                "id": name,
                "operation": "read",
                "query": query
                | {"module": {"api_name": module.name, "id": zoho_id("module", module.number)}},
                "created_by": user(company.people[ASKING]),
                "created_time": stamp(company.now),
                "file_type": "csv",
                "result": result | {"download_url": f"{PATH}/{name}/result"},
                "made_at": time.time(),
                "fate": fate,
            }
            try:
                with self._path(name, "json").open("xb") as file:
                    file.write(orjson.dumps(about))
            except FileExistsError:
                continue
            return name

    def _added(self, company: Company, number: str) -> Answer:
        details = {
            "id": number,
            "operation": "read",
            "state": "ADDED",
            "created_by": user(company.people[ASKING]),
            "created_time": stamp(company.now),
        }
        one = {
            "status": "success",
            "code": "ADDED_SUCCESSFULLY",
            "message": "Added successfully.",
            "details": details,
        }
        return Answer(201, {"data": [one], "info": {}})

    def _write(self, number: str, company: Company, names: list[str], rows: list[Any]) -> None:
        written = io.StringIO(newline="")
        lines = csv.writer(written, lineterminator="\n")
        lines.writerow(names)
        for entry in rows:
            lines.writerow(
                [
                    entry_id(entry) if one == "id" else text(company, value(company, entry, one))
                    for one in names
                ]
            )
        with zipfile.ZipFile(self._path(number, "zip"), "w", zipfile.ZIP_DEFLATED) as file:
            file.writestr(zipfile.ZipInfo(f"{number}.csv"), written.getvalue(), zipfile.ZIP_DEFLATED)

    def _job(self, company: Company, number: str) -> dict[str, Any] | None:
        path = self._path(number, "json")
        if not number.isdigit() or not path.exists():
            return None
        job: dict[str, Any] = orjson.loads(path.read_bytes())
        return job if self._age(company, job) <= _JOB_KEPT else None

    def _age(self, company: Company, job: dict[str, Any]) -> timedelta:
        return company.now - datetime.fromisoformat(job["created_time"])

    def _state(self, job: dict[str, Any]) -> str:
        taken = max(0.0, time.time() - job["made_at"])  # a clock may be set back
        passed = 3 if taken >= self.seconds else int(3 * taken / self.seconds)
        fate = job["fate"]
        return str(fate) if fate and (passed or fate not in _STATES) else _STATES[passed]

    def _path(self, number: str, kind: str) -> Path:
        assert self.folder is not None
        return self.folder / f"{number}.{kind}"


def _word_for(query: dict[str, Any], page: int) -> str:
    return f"{_digest(query)}{page:04x}"


def _page_of(query: dict[str, Any], token: str) -> int | None:
    """The page that a token stands for; None if it was given for another question."""
    if token[:-4] != _digest(query):
        return None
    return int(token[-4:], 16)


def _digest(query: dict[str, Any]) -> str:
    asked = {name: query.get(name) for name in ("module", "fields", "criteria")}
    return hashlib.sha256(orjson.dumps(asked, option=orjson.OPT_SORT_KEYS)).hexdigest()
