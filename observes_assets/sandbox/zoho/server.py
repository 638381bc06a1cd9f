"""The server: one company's Zoho over HTTP, on this machine only. Accounts and API share an address."""

import re
from collections.abc import Callable
from email.utils import format_datetime
from pathlib import Path
from typing import Any

from observes_assets.sandbox.company import Company
from observes_assets.sandbox.messages import Answer, Request
from observes_assets.sandbox.serving import Vendor
from observes_assets.sandbox.switches import Instead
from observes_assets.sandbox.world import World
from observes_assets.sandbox.zoho import faults, jobs, lists
from observes_assets.sandbox.zoho.credentials import Credentials
from observes_assets.sandbox.zoho.limits import JOB_CREDITS, Limits
from observes_assets.sandbox.zoho.messages import no_such_path, refusal

TOKENS = "/oauth/v2/token"
_API = "/crm/v8"


class Zoho(Vendor):
    """Zoho CRM as the world has it, with its switches.

    ``api_domain`` is what the accounts server says; whoever asks elsewhere than there has not listened.
    """

    def __init__(
        self, world: World, address: str, *, latency_seconds: float = 0.0, folder: Path | None = None
    ) -> None:
        super().__init__(world, address, latency_seconds=latency_seconds)
        self.api_domain = address
        self.credentials = Credentials()
        self.limits = Limits()
        self.jobs = jobs.Jobs(folder)

    def answered(self, request: Request, refused: Answer | None = None) -> Answer:
        """What a switch says, else what the limits say, else the truth."""
        refused = self.limits.enter()
        try:
            return super().answered(request, refused)
        finally:
            self.limits.leave()

    def headers(self, request: Request) -> dict[str, str]:
        """What every answer has. The date is the world's: what is new is new by it."""
        return super().headers(request) | {"Date": format_datetime(self.world.now, usegmt=True)}

    def failed(self, message: str) -> Answer:
        """An error in Zoho's form."""
        return refusal(500, "INTERNAL_ERROR", message)

    def fault(self, name: str, **options: Any) -> Instead:
        """One of ``faults.instead``."""
        return faults.instead(name, **options)

    def true_answer(self, request: Request) -> Answer:
        """What Zoho says to whom."""
        if request.path == TOKENS:
            if request.method != "POST":
                return Answer(200, {"error": "invalid_request"})
            return self.credentials.exchange(request, self.api_domain)
        with self.world.lock:
            if request.path.startswith(jobs.PATH):
                return self._bulk(request, self.world.company)
            if request.method != "GET":
                return refusal(
                    400, "INVALID_REQUEST_METHOD", "The http request method type is not a valid one"
                )
            return self._direct(request, self.world.company)

    def _bulk(self, request: Request, company: Company) -> Answer:
        if request.path == jobs.PATH and request.method == "POST":
            scope = f"ZohoCRM.modules.{_module_asked_for(request)}.READ"
            return (
                self.credentials.refused(request, "ZohoCRM.bulk.READ", scope)
                or self.limits.spend(JOB_CREDITS)
                or self.jobs.create(company, request)
            )
        found = re.fullmatch(rf"{jobs.PATH}/(\w+)(/result)?", request.path)
        if found is None or request.method != "GET":
            return no_such_path()
        if refused := self.credentials.refused(request, "ZohoCRM.bulk.READ") or self.limits.spend(1):
            return refused
        if found[2]:
            return self.limits.download() or self.jobs.result(company, found[1])
        return self.jobs.details(company, found[1])

    def _direct(self, request: Request, company: Company) -> Answer:
        for pattern, scope, made in _DIRECT:
            if found := re.fullmatch(_API + pattern, request.path):
                name = (found[1] or "") if found.re.groups else ""
                refused = self.credentials.refused(request, f"ZohoCRM.{scope}.READ".format(name))
                return refused or self.limits.spend(1) or made(company, request, name)
        return no_such_path()


Direct = Callable[[Company, Request, str], Answer]
_DIRECT: tuple[tuple[str, str, Direct], ...] = (
    (r"/(\w+)/deleted", "modules.{}", lists.deleted),
    (r"/settings/modules(?:/(\w+))?", "settings.modules", lists.modules),
    ("/settings/fields", "settings.fields", lists.fields),
    ("/users", "users", lists.users),
    ("/org", "org", lists.organization),
)


def _module_asked_for(request: Request) -> str:
    found = re.search(rb'"module"\s*:\s*\{[^}]*"api_name"\s*:\s*"(\w+)"', request.body)
    return found[1].decode() if found else "ALL"
