"""Who is who: a mailmap, applied by git itself, and checked for lines that git would pass over.

Only the portfolio's mailmap: a repository's own ``.mailmap`` is written by those whom it would rename.
"""

import tempfile
from collections.abc import Iterable, Iterator

from observes_assets.errors import PermanentError
from observes_assets.scratch import scratch
from observes_assets.sources.git import failures
from observes_assets.sources.git.command import GitFailedError, run, running

# git 2.39 reads a mailmap file in pieces of 1,023 bytes and takes each for a line.
_LONGEST_LINE = 1_000


def canonical(mailmap: str, identities: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str, str, str]]:
    """Apply a mailmap.

    Args:
        mailmap: the file's text, as ``validate_mailmap`` takes it.
        identities: names and e-mails as in records. Read to the end before the first answer comes.

    Returns:
        Name, e-mail, canonical name, canonical e-mail, in the order given. Names and e-mails match
        without case, the last of several lines wins: git's rules, since git does it.

    Raises:
        PermanentError: git failed.
    """
    with scratch("mailmap") as folder, tempfile.TemporaryFile() as asked:
        (folder / "mailmap").write_bytes(mailmap.encode())
        given = []
        for person, email in identities:
            given.append((person, email))
            asked.write(_contact(person, email).encode("utf-8", "backslashreplace") + b"\n")
        asked.seek(0)
        home, repository = folder / "home", folder / "empty"
        words = [f"--git-dir={repository}", "-c", f"mailmap.file={folder / 'mailmap'}", "-c", "mailmap.blob="]
        try:
            run(["init", "--quiet", "--bare", "--template=", repository], home=home)
            with running([*words, "check-mailmap", "--stdin"], home=home, standard_input=asked) as git:
                for person, email in given:
                    yield person, email, *_answer(person, email, git.output.readline())
                git.finish()
        except GitFailedError as failure:
            raise PermanentError(
                f"The mailmap could not be applied. {failures.quote(failure.output)}"
            ) from None


def _is_speakable(name: str, email: str) -> bool:
    """Whether git can be asked about an identity; no mailmap line can name any other."""
    return not ("<" in name or ">" in email or any(letter in name + email for letter in "\n\0"))


def _contact(name: str, email: str) -> str:
    return f"{name} <{email}>" if _is_speakable(name, email) else "<>"


def _answer(name: str, email: str, line: bytes) -> tuple[str, str]:
    if not _is_speakable(name, email):
        return name, email
    if not line.endswith(b"\n"):
        raise GitFailedError(0, "fatal: an answer is missing")
    answer = line.decode("utf-8", "backslashreplace").removesuffix("\n")
    new_name, _, rest = answer.partition("<")
    return new_name.removesuffix(" "), rest.removesuffix(">")


def validate_mailmap(text: str) -> list[tuple[int, str]]:
    """Find the lines that git would skip, or read otherwise than their writer meant, without a word.

    Returns:
        Line number (from 1) and what is wrong with it, in order; empty if all is well.
    """
    problems = []
    for number, line in enumerate(text.split("\n"), start=1):
        if problem := _problem(line.removesuffix("\r")):
            problems.append((number, problem))
    return problems


def _problem(line: str) -> str | None:
    if line.startswith("#") or not line.strip():
        return None
    checks = (
        (line.startswith("\ufeff"), "starts with a byte order mark: save the file as UTF-8 without it"),
        ("\0" in line or "\r" in line, "holds a NUL or a carriage return"),
        (len(line.encode("utf-8", "replace")) > _LONGEST_LINE, f"is longer than {_LONGEST_LINE} bytes"),
        (line.lstrip().startswith("#"), "has white space before its #: a comment starts in the first column"),
    )
    return next((problem for wrong, problem in checks if wrong), None) or _problem_of_pairs(line)


def _problem_of_pairs(line: str) -> str | None:
    pairs, rest = _pairs(line)
    if not pairs:
        return "has no e-mail in angle brackets"
    name, email = pairs[0]
    remainder = rest.strip()
    texts = [remainder, *(text for pair in pairs for text in pair)]
    checks = (
        (
            len(pairs) == 2 and pairs[1][0].startswith("#"),
            "has an e-mail in its comment, which git would read",
        ),
        (any("<" in text or ">" in text for text in texts), "has unbalanced brackets or too many e-mails"),
        (remainder and not remainder.startswith("#"), "has text after the last e-mail"),
        (not email.strip(), "has an empty canonical e-mail"),
        (any(mail != mail.strip() for _, mail in pairs), "has white space inside the angle brackets"),
        (not name and len(pairs) == 1, "changes nothing: it has one e-mail and no name"),
    )
    return next((problem for wrong, problem in checks if wrong), None)


def _pairs(line: str) -> tuple[list[tuple[str, str]], str]:
    """The first two ``Name <e-mail>`` of a line, and what follows."""
    pairs: list[tuple[str, str]] = []
    rest = line
    while len(pairs) < 2 and "<" in rest and ">" in rest.partition("<")[2]:
        name, _, rest = rest.partition("<")
        email, _, rest = rest.partition(">")
        pairs.append((name.strip(), email))
    return pairs, rest
