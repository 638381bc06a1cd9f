"""The server: one company's TimeDoctor (v2, "API 1.0") over HTTP, on this machine only."""

from collections.abc import Callable
from datetime import date, timedelta
from email.utils import format_datetime
from typing import Any

from observes_assets.sandbox.messages import Answer, Request
from observes_assets.sandbox.serving import Vendor
from observes_assets.sandbox.switches import Instead
from observes_assets.sandbox.timedoctor import errors, shapes
from observes_assets.sandbox.timedoctor.credentials import Credentials
from observes_assets.sandbox.timedoctor.days import Session, sessions_of
from observes_assets.sandbox.timedoctor.people import Member, members, owner
from observes_assets.sandbox.timedoctor.tasks import PROJECTS, every_task
from observes_assets.sandbox.timedoctor.windows import BY_START, Memory, Window
from observes_assets.sandbox.world import World

API = "/api/1.0"
_NO_WINDOW = errors.refusal(400, "invalidParameter", "from and to are two moments in order.")
_Make = Callable[[Request], Answer]


class TimeDoctor(Vendor):
    """TimeDoctor as the world has it, with its switches.

    ``most_rows``: of a page. ``most_bytes``: a longer body is cut there, under 200. ``edges``: see
    ``windows``. ``is_demoted``: the login may only see its own hours.
    """

    def __init__(self, world: World, address: str, *, latency_seconds: float = 0.0) -> None:
        super().__init__(world, address, latency_seconds=latency_seconds)
        account = owner(world.company)
        self.credentials = Credentials(account.email, account.id)
        self.memory = Memory()
        self.edges = BY_START
        self.most_rows = 200
        self.most_bytes = 8_000_000
        self.is_demoted = False
        self._days: dict[tuple[Member, date], list[Session]] = {}
        self._files: tuple[object, list[dict[str, Any]]] = None, []

    @property
    def company_id(self) -> str:
        """TimeDoctor's id of the company."""
        return shapes.company_id(self.world.company)

    def headers(self, request: Request) -> dict[str, str]:
        """The world's clock, beside what every answer has."""
        return super().headers(request) | {"Date": format_datetime(self.world.now, usegmt=True)}

    def failed(self, message: str) -> Answer:
        """An error of the server's own."""
        return errors.refusal(500, "internalError", message)

    def fault(self, name: str, **options: Any) -> Instead:
        """A fault by its name."""
        return errors.instead(name, **options)

    def members(self) -> list[Member]:
        """Everybody whom TimeDoctor knows now."""
        return members(self.world.company)

    def true_answer(self, request: Request) -> Answer:
        """The answer when nothing is switched."""
        with self.world.lock:
            made = self._answer(request)
            content = made.content()
            return made if len(content) <= self.most_bytes else Answer(200, content[: self.most_bytes])

    def _answer(self, request: Request) -> Answer:
        path = request.path.removeprefix(API)
        if request.method == "POST" and path in {"/login", "/authorization/login"}:
            return self.credentials.log_in(request, self._companies())
        if refused := self.credentials.refused(request):
            return refused
        make = self._of_the_login().get(path)
        if make is None and request.query.get("company") != self.company_id:
            return errors.refusal(403, "accessDenied", "You don't have permission.")
        make = make or self._of_the_company().get(path)
        return make(request) if make else errors.refusal(404, "notFound", "Not found.")

    def _of_the_login(self) -> dict[str, _Make]:
        account = {"userId": self.credentials.user_id, "companies": self._companies()}
        return {
            "/logout": self.credentials.log_out,
            "/authorization": lambda _: Answer(body={"data": account}),
            "/companies": lambda _: Answer(body={"data": self._companies()}),
        }

    def _of_the_company(self) -> dict[str, _Make]:
        return {
            "/users": self._users,
            "/projects": self._projects,
            "/tasks": self._tasks,
            "/activity/worklog": self._worklog,
            "/activity/timeuse": self._timeuse,
            "/files/screenshot": self._screenshots,
            "/files/video": lambda _: Answer(body={"data": []}),
        }

    def _companies(self) -> list[dict[str, Any]]:
        return [shapes.company_shape(self.world.company)]

    def _users(self, request: Request) -> Answer:
        if self.is_demoted:
            return errors.refusal(403, "accessDenied", "You don't have permission.")
        shows_all = _is_on(request, "include-archived-users")
        found = [one for one in self.members() if shows_all or not one.archived_at]
        return self._page(request, [shapes.user_shape(one) for one in found], "page")

    def _projects(self, request: Request) -> Answer:
        company = self.world.company
        creator = owner(company)
        return self._page(request, [shapes.project_shape(one, company, creator) for one in PROJECTS], "page")

    def _tasks(self, request: Request) -> Answer:
        now, reporter = self.world.now, owner(self.world.company)
        found = [shapes.task_shape(one, now, reporter) for one in every_task(now)]
        return self._page(request, found, "paging")

    def _worklog(self, request: Request) -> Answer:
        window = self._window(request, self.memory.worklog_days)
        if window is None:
            return _NO_WINDOW
        how = {
            "with_detail": _is_on(request, "detail"),
            "with_names": _is_on(request, "task-project-names"),
        }
        found = [window.shown(self._sessions(one, window)) for one in self._asked_for(request)]
        return Answer(body={"data": [[shapes.worklog_shape(one, **how) for one in each] for each in found]})

    def _timeuse(self, request: Request) -> Answer:
        window = self._window(request, self.memory.timeuse_days)
        if window is None:
            return _NO_WINDOW
        asked = [(member, self._sessions(member, window)) for member in self._asked_for(request)]
        return Answer(body={"data": [shapes.timeuse_shapes(*each, window) for each in asked]})

    def _screenshots(self, request: Request) -> Answer:
        window = self._window(request, self.memory.file_days)
        if window is None:
            return _NO_WINDOW
        # The pages of a question are asked for one after the other.
        question = (self.world.version, window, request.query.get("user"), self.is_demoted)
        if self._files[0] != question:
            found: list[dict[str, Any]] = []
            for member in self._asked_for(request):
                found += shapes.file_shapes(self._sessions(member, window), window, self.address)
            self._files = question, found
        return self._page(request, self._files[1], "paging")

    def _window(self, request: Request, memory_days: int) -> Window | None:
        return Window.asked(request, self.world.now, memory_days, self.edges)

    def _asked_for(self, request: Request) -> list[Member | None]:
        """Those whose ids were given, in that order, None for an unknown one; without ids the login's own."""
        by_id = {one.id: one for one in self.members()}
        asked = [one for one in request.query.get("user", "").split(",") if one]
        if self.is_demoted or not asked:
            asked = [self.credentials.user_id]
        return [by_id.get(one) for one in asked]

    def _sessions(self, member: Member | None, window: Window) -> list[Session]:
        """What is known now of everything that could touch a window: a day more on both sides."""
        if member is None:
            return []
        days = (window.end - window.start) // timedelta(days=1) + 4
        first = window.start.date() - timedelta(days=2)
        seen = []
        for number in range(max(0, days)):
            seen += self._day(member, first + timedelta(days=number))
        return [known for one in seen if (known := one.seen_at(self.world.now))]

    def _day(self, member: Member, day: date) -> list[Session]:
        key = (member, day)
        if key not in self._days:
            self._days[key] = sessions_of(self.world.seed, member, day)
        return self._days[key]

    def _page(self, request: Request, rows: list[dict[str, Any]], name: str) -> Answer:
        """A page of rows. ``page`` is the first row's number; the next one's comes as text or as a number."""
        limit = min(self.most_rows, max(1, int(request.query.get("limit") or self.most_rows)))
        first = int(request.query.get("page") or 0)
        following = first + limit
        paging: dict[str, Any] = {"cur": str(first), "limit": limit, "totalCount": len(rows)}
        if following < len(rows):
            paging["next"] = str(following) if name == "page" else following
        return Answer(body={"data": rows[first:following], name: paging})


def _is_on(request: Request, name: str) -> bool:
    """Whether a parameter says yes, as clients of several languages write it."""
    return request.query.get(name, "").lower() in {"true", "1"}
