"""The names that git gives: computed here, so that the world knows them before any repository is made."""

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone

from observes_assets.sandbox.company.entities import Person


def blob_name(content: str) -> str:
    """Name of a file's content."""
    return _name("blob", content.encode())


def tree_name(files: Mapping[str, str]) -> str:
    """Name of a folder, from the path and blob of every file in it and below."""
    entries: dict[str, tuple[str, str]] = {}
    folders: dict[str, dict[str, str]] = {}
    for path, blob in files.items():
        first, slash, rest = path.partition("/")
        if slash:
            folders.setdefault(first, {})[rest] = blob
        else:
            entries[first] = ("100644", blob)
    # git sorts a folder as if its name ended in a slash, and writes it without.
    for folder, inside in folders.items():
        entries[f"{folder}/"] = ("40000", tree_name(inside))
    content = b"".join(
        f"{mode} {name.removesuffix('/')}".encode() + b"\0" + bytes.fromhex(entry)
        for name, (mode, entry) in sorted(entries.items(), key=lambda one: one[0].encode())
    )
    return _name("tree", content)


def commit_name(
    tree: str,
    parents: tuple[str, ...],
    author: tuple[Person, datetime],
    committer: tuple[Person, datetime],
    message: str,
) -> str:
    """Name of a commit."""
    lines = [f"tree {tree}", *(f"parent {one}" for one in parents)]
    lines += [f"author {signature(*author)}", f"committer {signature(*committer)}", "", message]
    return _name("commit", "\n".join(lines).encode())


def signature(person: Person, at: datetime) -> str:
    """A person and a moment as git writes them, in the person's own time zone."""
    local = at.astimezone(timezone(timedelta(hours=person.utc_offset_hours)))
    return f"{person.name} <{person.email}> {int(at.timestamp())} {local.strftime('%z')}"


def _name(kind: str, content: bytes) -> str:
    # git's own choice of hash: an identifier here, not a safeguard.
    return hashlib.sha1(f"{kind} {len(content)}\0".encode() + content, usedforsecurity=False).hexdigest()
