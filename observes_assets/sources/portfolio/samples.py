"""Two small git repositories for the default portfolio, with the same commits on every machine.

Between them they hold what makes bills interesting: an author in two groups, one with two e-mail
addresses, one who writes only documentation, a bot, a co-author, a merge, a commit copied from one
repository to the other, and one whose month depends on the time zone. People and addresses are invented.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from observes_assets.sources.portfolio.plain_git import git, require

MAILMAP = """\
# Who is who, in git's own format (`git help mailmap`): the name and address to show, then those in commits.
Noor Haddad <noor@example.com> <noor.haddad@users.noreply.example.com>
"""

_NOOR = "Noor Haddad <noor@example.com>"
_NOOR_ELSEWHERE = "noor <noor.haddad@users.noreply.example.com>"
_TOMAS = "Tomás Vidal <tomas@example.com>"
_IRIS = "Iris Lindqvist <iris@example.com>"
_WEN = "Wen Zhao <wen@example.com>"
_BOT = "dependabot[bot] <49699333+dependabot[bot]@users.noreply.github.com>"


@dataclass(frozen=True)
class Commit:
    """``authored``: ISO 8601 with offset. ``committed``: committer and date, if not the author's."""

    author: str
    authored: str
    message: str
    files: dict[str, str] = field(default_factory=dict)
    parents: tuple[int, ...] = ()
    committed: tuple[str, str] | None = None
    branch: str = "main"


_ROUND = ("2026-10-19T16:20:00+02:00", "Round totals half to even\n")

# Parents are positions in the list, from 1; without any, the commit follows the one before it.
SHOP = (
    Commit(
        _NOOR,
        "2026-09-02T09:12:00+02:00",
        "Start the shop\n",
        {"README.md": "# Shop\n", "shop.py": "ITEMS = []\n"},
    ),
    Commit(
        _TOMAS,
        "2026-09-15T11:40:00+02:00",
        "List products\n",
        {"products.py": "def products():\n    return []\n"},
    ),
    Commit(
        _WEN, "2026-09-21T08:05:00+08:00", "Explain the checkout\n", {"docs/checkout.md": "Pay, then wait.\n"}
    ),
    Commit(
        _NOOR_ELSEWHERE,
        "2026-10-05T17:31:00+02:00",
        "Add a basket\n\nCo-authored-by: Jonas Petit <jonas@example.com>\n",
        {"basket.py": "def basket():\n    return {}\n"},
        branch="basket",
    ),
    Commit(
        _BOT, "2026-10-06T03:00:00+00:00", "Bump requests\n", {"requirements.txt": "requests==2.33.0\n"}, (3,)
    ),
    Commit(
        _NOOR,
        "2026-10-07T10:02:00+02:00",
        "Merge branch 'basket'\n",
        {"basket.py": "def basket():\n    return {}\n"},
        (5, 4),
    ),
    Commit(_TOMAS, *_ROUND, {"totals.py": "def total(prices):\n    return round(sum(prices), 2)\n"}),
    Commit(
        _NOOR, "2026-11-10T14:26:00+01:00", "Show prices with tax\n", {"shop.py": "ITEMS = []\nTAX = 21\n"}
    ),
    Commit(_TOMAS, "2026-11-12T09:55:00+01:00", "Offer gift wrapping\n", {"gifts.py": "WRAPPING = True\n"}),
    Commit(
        _WEN, "2026-11-16T10:10:00+08:00", "Explain gift wrapping\n", {"docs/gifts.md": "Paper or cloth.\n"}
    ),
)
PARCELS = (
    Commit(
        _IRIS, "2026-09-08T13:45:00-03:00", "Start the parcels service\n", {"parcels.py": "PARCELS = {}\n"}
    ),
    Commit(
        _IRIS,
        "2026-10-12T15:18:00-03:00",
        "Track a parcel\n",
        {"tracking.py": "def track(number):\n    return None\n"},
    ),
    # Copied from the shop with `git cherry-pick`: same author, date and message, another committer.
    Commit(
        _TOMAS,
        *_ROUND,
        {"totals.py": "def total(weights):\n    return round(sum(weights), 2)\n"},
        committed=(_IRIS, "2026-10-21T09:30:00-03:00"),
    ),
    # October where it was written, November in UTC.
    Commit(
        _IRIS,
        "2026-10-31T22:40:00-03:00",
        "Print labels\n",
        {"labels.py": "def label(parcel):\n    return str(parcel)\n"},
    ),
    Commit(_TOMAS, "2026-11-05T12:00:00+01:00", "Weigh parcels in grams\n", {"weights.py": "UNIT = 'g'\n"}),
)


def make_repository(folder: Path, commits: Iterable[Commit]) -> None:
    """Make a git repository with a working tree in an empty folder.

    Raises:
        SettingsError: git is missing or failed.
    """
    require(git(folder, "init", "--quiet", "--template="))
    require(git(folder, "symbolic-ref", "HEAD", "refs/heads/main"))
    require(git(folder, "fast-import", "--quiet", stdin="".join(_import_lines(commits))))
    require(git(folder, "reset", "--quiet", "--hard"))


def _import_lines(commits: Iterable[Commit]) -> Iterable[str]:
    for number, commit in enumerate(commits, start=1):
        committer, committed = commit.committed or (commit.author, commit.authored)
        yield f"commit refs/heads/{commit.branch}\nmark :{number}\n"
        yield f"author {commit.author} {_raw(commit.authored)}\ncommitter {committer} {_raw(committed)}\n"
        yield _data(commit.message)
        parents = commit.parents or ((number - 1,) if number > 1 else ())
        for word, parent in zip(("from", "merge"), parents, strict=False):
            yield f"{word} :{parent}\n"
        for path, content in commit.files.items():
            yield f"M 100644 inline {path}\n{_data(content)}"
        yield "\n"


def _data(text: str) -> str:
    return f"data {len(text.encode())}\n{text}\n"


def _raw(moment: str) -> str:
    parsed = datetime.fromisoformat(moment)
    return f"{int(parsed.timestamp())} {parsed.strftime('%z')}"
