"""The default portfolio: small, real and local, made on the spot for a first run."""

import contextlib
import json
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from observes_assets.errors import SettingsError
from observes_assets.sources.portfolio import samples
from observes_assets.sources.portfolio.checkout import Checkout, describe_checkout

REPOSITORIES = "repositories"
_HEAD = """\
# The portfolio: who owns which repository, and what each group pays.
#
# Observes made this file for a first run, and never changes it again. Edit it, or write your own elsewhere
# and set OBSERVES_PORTFOLIO to its path. A mistake is refused with its line; nothing is done until it is
# mended. Paths are relative to this file.

billing:
  # committed: a commit counts in the month of its committer date. For looking back, as here.
  # observed (the default): it counts in the month in which Observes first saw it, and what a repository
  # already held when it was first seen is never billed, so a first run owes nothing.
  rule: committed
  bots: exclude             # or count, like any author. bot_names: ["release-*"] adds to the hosts' own
  minimum_commits: 1        # authors with fewer commits in a month are free
  time_zone: UTC            # where months begin and end
  close_day: 3              # a month is closed on this working day of the next one

# Amounts are quoted, with the digits that the currency has: per author and per group, each month.
prices:
  squad: {author: "99.00", base: "0.00", currency: USD}
  essential: {author: "10.00", base: "25.00", currency: EUR}

# Who is who: one person, several addresses. The format is git's own.
mailmap: people.mailmap

organizations:
  # An author in several groups of one organization is one author; the price is shared among the groups.
  - name: demo
    groups:
      - name: storefront
        plan: squad
        repositories:
          - nickname: shop
            url: repositories/shop
            branch: main
            ignore: ["docs/"]     # as in a .gitignore: who touches nothing else is not billed
      - name: logistics
        plan: squad
        repositories:
          - {nickname: parcels, url: repositories/parcels, branch: main}
"""

_COMPANY = """\
  # The sandbox's made-up company: the same people as at its GitHub. Its code is written by each run, up to
  # the company's clock.
  - name: quillmark-works
    groups:
      - name: website
        plan: squad
        repositories:
          - {nickname: harbor, url: repositories/harbor.git, branch: main}
      - name: accounts
        plan: squad
        repositories:
          - {nickname: ledger, url: repositories/ledger.git, branch: main}
"""

_CHECKOUT = """\
  # The checkout that Observes was started from, as an organization of its own: should it fail, the bills
  # of the others go on.
  - name: yours
    groups:
      - name: checkout
        plan: essential
        repositories:
          - nickname: {nickname}
            url: {url}
            branch: {branch}
"""

_NO_CHECKOUT = """\
  # The checkout that Observes was started from is left out: {reason}.
"""

_TAIL = """\
  # Your own: take out the marks, and put in your names.
  # - name: acme                # keep it: a new name is a new organization, with new first-seen dates
  #   groups:
  #     - name: web             # unique in this file; names the bill, web.csv
  #       plan: squad
  #       repositories:
  #         - nickname: site
  #           url: "https://github.com/acme/site.git"    # or ssh, git@host:path, a path; no passwords in it
  #           branch: main
  #           credential: GITHUB                         # reads OBSERVES_GIT_GITHUB_TOKEN, or …_SSH_KEY_FILE
"""


def default_portfolio(home: Path, checkout: Path | None, *, has_company: bool = False) -> Path:
    """Make the default portfolio in ``home/portfolio/``, unless it is there, and return the YAML's path.

    The YAML file is written last and only once, so an interrupted start is finished by the next, and
    whatever a person has changed since stays.

    Args:
        home: Observes's home; made if it is missing.
        checkout: a folder in a git repository to list, if it has its whole history on a branch.
        has_company: list the sandbox's company too; somebody else writes its repositories.

    Raises:
        SettingsError: the home cannot be written, or git is missing or failed.
    """
    folder = home / "portfolio"
    path = folder / "portfolio.yaml"
    try:
        if path.exists():
            return path
        repositories = folder / REPOSITORIES
        repositories.mkdir(parents=True, exist_ok=True)
        _make_once(repositories / "shop", samples.SHOP)
        _make_once(repositories / "parcels", samples.PARCELS)
        _write_once(folder / "people.mailmap", samples.MAILMAP)
        _write_once(path, _document(describe_checkout(checkout), has_company=has_company))
    except OSError as error:
        raise SettingsError(
            f"The default portfolio cannot be made in {folder}: {error.strerror or error}.",
            "Set OBSERVES_HOME to a folder that you can write, or OBSERVES_PORTFOLIO to a file of your own.",
        ) from None
    return path


def _make_once(target: Path, commits: Iterable[samples.Commit]) -> None:
    if target.exists():
        return
    with tempfile.TemporaryDirectory(prefix=".making-", dir=target.parent) as scratch:
        made = Path(scratch) / target.name
        made.mkdir()
        samples.make_repository(made, commits)
        try:
            made.rename(target)
        except OSError:
            # Another process was faster: the content is the same.
            if not target.is_dir():
                raise


def _write_once(target: Path, text: str) -> None:
    """Write a file whole or not at all; the one that is there wins."""
    handle, scratch = tempfile.mkstemp(prefix=".making-", dir=target.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(scratch, target)
    finally:
        Path(scratch).unlink()


def _document(checkout: Checkout | str, *, has_company: bool) -> str:
    if isinstance(checkout, str):
        own = _NO_CHECKOUT.format(reason=checkout)
    else:
        # A JSON string is a quoted YAML string.
        own = _CHECKOUT.format(
            nickname=json.dumps(checkout.nickname),
            url=json.dumps(checkout.url, ensure_ascii=False),
            branch=json.dumps(checkout.branch, ensure_ascii=False),
        )
    return _HEAD + (_COMPANY if has_company else "") + own + _TAIL
