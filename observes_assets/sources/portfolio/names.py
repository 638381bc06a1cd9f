"""Rules for names of groups, repositories and branches. Each function returns the problem, or None."""

import re

LONGEST_NAME = 100

# Windows opens a device instead of the file, whatever the suffix; bills are downloaded there too.
_DEVICES = frozenset(
    {"con", "prn", "aux", "nul"} | {f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10)}
)


def label_problem(name: str) -> str | None:
    """Check a name that people read: an organization or a plan."""
    if not name or name != name.strip():
        return "must not be empty or have spaces at its ends."
    return f"is longer than {LONGEST_NAME} characters." if len(name) > LONGEST_NAME else None


def portable_problem(name: str) -> str | None:
    """Check a name that becomes part of a file name (``<group>.csv``) and of a bill's column.

    No name is reserved: beside the groups' ``<group>.csv`` stand only ``summary.json`` and the folders of
    revisions, whose names never end in ``.csv``.
    """
    if len(name) > LONGEST_NAME:
        return f"is longer than {LONGEST_NAME} characters."
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]*", name):
        return "must be letters, digits, dots, underscores and hyphens, and begin with none of . and -."
    if name.split(".", maxsplit=1)[0].lower() in _DEVICES:
        return "is the name of a device on Windows, so it cannot be a file's name there."
    return None


def branch_problem(name: str) -> str | None:
    """Check a branch's short name by git's rules for references."""
    if name.startswith("refs/") or name == "HEAD":
        return 'must be a branch\'s own name, such as "main", not a reference.'
    broken = (
        re.search(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//", name)
        or name.startswith(("-", "/"))
        or name.endswith(("/", "."))
        or name in {"", "@"}
        or any(part.startswith(".") or part.endswith(".lock") for part in name.split("/"))
    )
    return "is not a name that a git branch can have." if broken else None


def credential_problem(name: str) -> str | None:
    """Check the NAME in the variables ``OBSERVES_GIT_<NAME>_…``. It may be a secret by mistake."""
    if len(name) > LONGEST_NAME or not re.fullmatch(r"[A-Z][A-Z0-9_]*", name):
        return "must be a name in capital letters, digits and underscores, never the secret itself."
    return None
