"""Progress bars on a terminal; nothing when the output is for machines."""

from collections.abc import Callable
from types import TracebackType
from typing import Self

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)

from observes_assets.cli.output import err, plain


class Bars:
    """Listens to ``observes_assets.progress`` and draws it on stderr."""

    def __init__(self, *, visible: bool) -> None:
        self._progress = Progress(
            SpinnerColumn(finished_text="[green]✓[/]"),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("[dim]{task.fields[what]}[/]"),
            console=err,
            disable=not visible,
        )
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def start(self, title: str, total: int | None) -> Callable[[int, str], None]:
        """Begin a bar."""
        task = self._progress.add_task(title, total=total, what="")
        self._tasks[title] = task

        def advance(steps: int, what: str) -> None:
            self._progress.update(task, advance=steps, what=plain(what))

        return advance

    def stop(self, title: str, *, failed: bool) -> None:
        """End a bar; one that failed stays where it was."""
        task = self._tasks.pop(title)
        if failed:
            self._progress.update(task, what="[red]failed[/]")
            self._progress.stop_task(task)
            return
        shown = next(one for one in self._progress.tasks if one.id == task)
        self._progress.update(task, total=shown.completed or 1, completed=shown.completed or 1, what="")
