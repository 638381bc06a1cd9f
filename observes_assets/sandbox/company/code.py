"""Commits, branches and pull requests."""

from datetime import datetime

from observes_assets.sandbox.company import Company, issues
from observes_assets.sandbox.company.entities import (
    Commit,
    Issue,
    Person,
    PullRequest,
    Repository,
    Review,
    ReviewComment,
)
from observes_assets.sandbox.company.git_objects import blob_name, commit_name, tree_name

MAIN = "refs/heads/main"


def commit(
    company: Company,
    repository: Repository,
    ref: str,
    author: Person,
    message: str,
    *,
    files: dict[str, str],
    authored_at: datetime | None = None,
    committer: Person | None = None,
    parents: tuple[str, ...] | None = None,
) -> Commit:
    """A commit on a branch; without ``parents``, on what the branch has now."""
    if parents is None:
        parents = (repository.refs[ref],) if ref in repository.refs else ()
    content = dict(repository.trees[parents[0]]) if parents else {}
    content |= {path: blob_name(text) for path, text in files.items()}
    tree, message = tree_name(content), message.rstrip("\n") + "\n"
    by = committer or author
    at = authored_at or company.now
    sha = commit_name(tree, parents, (author, at), (by, company.now), message)
    one = Commit(sha, tree, parents, author, at, by, company.now, message, files)
    repository.commits[sha] = one
    repository.trees[sha] = content
    repository.refs[ref] = sha
    repository.pushed_at = company.now
    return one


def open_pull(
    company: Company,
    repository: Repository,
    title: str,
    author: Person,
    *,
    head: str,
    commits: list[Commit],
    body: str = "",
    is_draft: bool = False,
) -> Issue:
    """A pull request of branch ``head`` with its commits, of which there is at least one."""
    issue = issues.open_issue(company, repository, title, author, body=body)
    base = commits[0].parents[0]
    pull = PullRequest(company.next_id("pull"), head, "main", base, commits, is_draft)
    issue.pull = pull
    _count(pull)
    repository.refs[f"refs/pull/{issue.number}/head"] = commits[-1].sha
    for one in commits:
        issues.note(company, issue, "committed", author, commit=one)
    return issue


def push(company: Company, issue: Issue, message: str, files: dict[str, str]) -> None:
    """Another commit on an open pull request."""
    pull = _pull(issue)
    one = commit(company, issue.repository, f"refs/heads/{pull.head}", issue.author, message, files=files)
    pull.commits.append(one)
    issue.repository.refs[f"refs/pull/{issue.number}/head"] = one.sha
    _count(pull)
    issues.note(company, issue, "committed", issue.author, commit=one)


def force_push(company: Company, issue: Issue, message: str, files: dict[str, str]) -> None:
    """Replace an open pull request's commits by one, as after a rebase: nothing leads to the former ones."""
    pull = _pull(issue)
    ref = f"refs/heads/{pull.head}"
    parents = (pull.base_sha,)
    one = commit(company, issue.repository, ref, issue.author, message, files=files, parents=parents)
    pull.commits = [one]
    issue.repository.refs[f"refs/pull/{issue.number}/head"] = one.sha
    _count(pull)
    issues.note(company, issue, "head_ref_force_pushed", issue.author)


def request_review(company: Company, issue: Issue, reviewer: Person) -> None:
    """Ask somebody to look."""
    pull = _pull(issue)
    if reviewer not in pull.reviewers:
        pull.reviewers.append(reviewer)
        issues.note(company, issue, "review_requested", issue.author, requested_reviewer=reviewer)


def review(company: Company, issue: Issue, author: Person, state: str, body: str = "") -> Review:
    """A review: APPROVED, CHANGES_REQUESTED, COMMENTED; PENDING is not sent yet."""
    pull = _pull(issue)
    at = None if state == "PENDING" else company.now
    one = Review(company.next_id("review"), author, state, body, pull.commits[-1].sha, at)
    pull.reviews.append(one)
    if at:
        if author in pull.reviewers:
            pull.reviewers.remove(author)
        issues.note(company, issue, "reviewed", author, review=one)
    return one


def dismiss(company: Company, issue: Issue, one: Review, actor: Person) -> None:
    """A review counts no more; its state is edited in place."""
    former, one.state = one.state, "DISMISSED"
    details = {"state": former.lower(), "review_id": one.id, "dismissal_message": "Out of date"}
    issues.note(company, issue, "review_dismissed", actor, dismissed_review=details)


def remark(company: Company, issue: Issue, one: Review, body: str, *, path: str, line: int) -> ReviewComment:
    """A remark on a line, part of a review."""
    remark_id = company.next_id("review_comment")
    new = ReviewComment(remark_id, one, one.author, path, line, body, company.now, company.now)
    _pull(issue).review_comments.append(new)
    issues.touch(company, issue)
    return new


def ready(company: Company, issue: Issue) -> None:
    """No draft any more."""
    _pull(issue).is_draft = False
    issues.note(company, issue, "ready_for_review", issue.author)


def merge(company: Company, issue: Issue, actor: Person, how: str = "squash") -> None:
    """Merge: squash, merge or rebase. The branch is deleted, ``refs/pull/<number>/head`` stays."""
    pull, repository = _pull(issue), issue.repository
    main = repository.refs[MAIN]
    files = {path: text for one in pull.commits for path, text in one.files.items()}
    subject = f"{issue.title} (#{issue.number})"
    if how == "squash":
        merged = commit(company, repository, MAIN, issue.author, subject, files=files, committer=actor)
    elif how == "merge":
        both = (main, pull.commits[-1].sha)
        merged = commit(
            company, repository, MAIN, actor, f"Merge pull request {subject}", files=files, parents=both
        )
    else:
        for one in pull.commits:
            merged = commit(
                company,
                repository,
                MAIN,
                one.author,
                one.message,
                files=one.files,
                authored_at=one.authored_at,
                committer=actor,
            )
    pull.merged_at, pull.merged_by, pull.merge_sha = company.now, actor, merged.sha
    repository.refs.pop(f"refs/heads/{pull.head}", None)
    issues.note(company, issue, "merged", actor, commit=merged)
    issues.close(company, issue, actor)


def _count(pull: PullRequest) -> None:
    pull.paths = sorted({path for one in pull.commits for path in one.files})
    pull.additions = sum(text.count("\n") for one in pull.commits for text in one.files.values())
    pull.deletions = max(0, len(pull.commits) - 1)


def _pull(issue: Issue) -> PullRequest:
    assert issue.pull is not None
    return issue.pull
