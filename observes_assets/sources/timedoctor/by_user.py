"""Whose rows are whose, where the answer says so by position only: a list of lists, one a user asked for.

Without ``user`` TimeDoctor answers for the login alone; with too many users it cuts the answer off in the
middle, under status 200; and sometimes it sends fewer inner lists than users. So users are always named, a
set that is too large is halved, and a set whose lists don't fit is asked for one by one.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from observes_assets.sources.timedoctor import failures
from observes_assets.sources.timedoctor.client import Client
from observes_assets.sources.timedoctor.failures import CutOffError

MOST_USERS = 100
"""Of one request: their ids are part of its address, which servers take up to some 8,000 characters."""

Ask = Callable[[list[str], bool], list[Any]]


class UserSets:
    """Asks for users in sets, and remembers which size of a set had to be halved, by kind of question."""

    def __init__(self) -> None:
        self._sizes: dict[str, int] = {}

    def asked(self, kind: str, users: Sequence[str], ask: Ask) -> Iterator[tuple[list[str], list[Any]]]:
        """Each set of users with its answer, until all were asked for.

        Args:
            kind: what is asked, so that the next question of its kind begins with a size that worked.
            ask: gives the answer for a set; told whether a smaller set can be asked for.

        Raises:
            SourceError: there is no good answer for a set, or for a single user.
        """
        waiting = list(users)
        while waiting:
            size = min(self._sizes.get(kind, MOST_USERS), len(waiting))
            part = waiting[:size]
            try:
                found = ask(part, size > 1)
            except CutOffError:
                if size == 1:
                    raise
                self._sizes[kind] = size // 2
                continue
            yield part, found
            waiting = waiting[size:]


def rows_by_user(
    client: Client, sets: UserSets, what: str, path: str, users: Sequence[str], **parameters: Any
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every row with its user's id, by position.

    Raises:
        SourceError: some user's rows can't be had. Nothing is known of the others then, either.
    """

    def ask(part: list[str], can_be_cut: bool) -> list[Any]:
        document = client.get(what, path, can_be_cut=can_be_cut, user=",".join(part), **parameters)
        return document["data"] if isinstance(document["data"], list) else [document["data"]]

    for part, lists in sets.asked(path, users, ask):
        if _fits(part, lists):
            yield from _attributed(part, lists)
            continue
        for user in part:
            # One user without a row may be an empty list of lists.
            own = ask([user], False) or [[]]
            if not _fits([user], own):
                raise failures.strange(what, "it holds rows of users who were not asked for")
            yield from _attributed([user], own)


def _fits(users: list[str], lists: list[Any]) -> bool:
    """Whether there is a list for each user, and no row in it says that it is another's."""
    return len(users) == len(lists) and all(
        isinstance(rows, list) and all(_is_of(user, row) for row in rows)
        for user, rows in zip(users, lists, strict=True)
    )


def _is_of(user: str, row: Any) -> bool:
    return isinstance(row, dict) and str(row.get("userId", user)) == user


def _attributed(users: list[str], lists: list[list[dict[str, Any]]]) -> Iterator[tuple[str, dict[str, Any]]]:
    for user, rows in zip(users, lists, strict=True):
        for row in rows:
            yield user, row
