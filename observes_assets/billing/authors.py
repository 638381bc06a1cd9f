"""Who counts as an author: bots and the minimum of commits. Pure.

An author is one e-mail address of one organization in one month, so the answer is the same in all of the
organization's groups, whatever name each group's proof commit shows.
"""

import re
from collections.abc import Sequence
from typing import Literal

from observes_assets.billing.records import AuthorFact, BillingSettings

Exclusion = Literal["bot", "minimum_commits"]

# GitHub: an app commits as `<slug>[bot]` with `<id>+<slug>[bot]@users.noreply.github.com`; Dependabot and
# Actions are also met without the suffix. GitLab: the user of a project or group access token is called
# `project_<id>_bot…` or `group_<id>_bot…`, with `project<id>_bot…` as e-mail in older versions, and a service
# account `service_account_…`; its display name is free text, so the e-mail tells.
_NAMES = re.compile(
    r".*\[bot\]|dependabot(-preview)?|github-actions|renovate( bot)?"
    r"|(project|group)_?\d+_bot[0-9a-z_]*|service_account_[0-9a-z_]+",
    re.IGNORECASE | re.DOTALL,
)


def exclusion(rows: Sequence[AuthorFact], settings: BillingSettings) -> Exclusion | None:
    """Why an author is not billed, or None.

    Args:
        rows: the author's rows, of all groups of one organization, in one month.
    """
    if settings.bots == "exclude" and any(is_bot(row.name, row.email, settings.bot_names) for row in rows):
        return "bot"
    if rows[0].organization_commit_count < settings.minimum_commits:
        return "minimum_commits"
    return None


def is_bot(name: str, email: str, patterns: Sequence[str] = ()) -> bool:
    """Whether GitHub or GitLab call a bot so, or one of our patterns does.

    Args:
        patterns: for the whole name or the whole e-mail address, without case; ``*`` is any text and ``?``
            any character. Brackets mean themselves: ``*[bot]`` must not match Robert.
    """
    user = email.partition("@")[0]
    if _NAMES.fullmatch(name.strip()) or _NAMES.fullmatch(user):
        return True
    return any(_matches(pattern, text) for pattern in patterns for text in (name, email))


def _matches(pattern: str, text: str) -> bool:
    wild = {"*": ".*", "?": "."}
    expression = "".join(wild.get(letter, re.escape(letter)) for letter in pattern)
    return re.fullmatch(expression, text, re.IGNORECASE | re.DOTALL) is not None
