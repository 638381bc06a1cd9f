"""Pull requests: opened, reviewed, corrected, merged or given up."""

from observes_assets.sandbox.company import boards, code, issues
from observes_assets.sandbox.company.cards import Board
from observes_assets.sandbox.company.entities import Commit, Issue, Person
from observes_assets.sandbox.story import Process, Story

_MODULES = ("basket", "billing", "cache", "forms", "login", "mail", "prices", "routes", "search", "store")


def change_by_pull(story: Story, issue: Issue, board: Board | None, author: Person) -> Process:
    """Work on an issue in a pull request until it is merged, or given up.

    Merging closes the issue, as "Closes #…" does.
    """
    company, repository = story.company, issue.repository
    if repository.is_archived or repository.is_hidden or code.MAIN not in repository.refs:
        return
    branch = f"{author.login}/{issue.number}-{repository.next_number}"
    commits: list[Commit] = []
    for _ in range(story.number(1, 3)):
        commits.append(_commit(story, issue, author, branch, len(commits)))
        yield story.working_hours(1, 3)
    pull = code.open_pull(
        company,
        repository,
        issue.title,
        author,
        head=branch,
        commits=commits,
        body=f"Closes #{issue.number}\n",
        is_draft=story.chance(0.2),
    )
    if board and story.chance(0.2):
        boards.add_card(company, board, pull)
    if pull.pull and pull.pull.is_draft:
        yield story.working_hours(1, 8)
        code.ready(company, pull)
    yield from _reviewed(story, pull, author, sorted(commits[0].files))
    if not pull.is_open or pull.gone is not None:
        return
    if story.chance(0.05):
        issues.close(company, pull, author)
        return
    code.merge(company, pull, author, story.pick(("squash", "merge", "rebase"), (70, 20, 10)))
    if issue.gone is None:
        issues.close(company, issue, author)


def _commit(story: Story, issue: Issue, author: Person, branch: str, step: int) -> Commit:
    repository = issue.repository
    ref = f"refs/heads/{branch}"
    path = f"src/{story.pick(_MODULES)}.txt"
    text = "".join(f"{issue.number}.{step}.{line}\n" for line in range(story.number(1, 40)))
    parents = None if ref in repository.refs else (repository.refs[code.MAIN],)
    subject = issue.title if step == 0 else f"Step {step + 1} of {issue.title.lower()}"
    return code.commit(story.company, repository, ref, author, subject, files={path: text}, parents=parents)


def _reviewed(story: Story, pull: Issue, author: Person, paths: list[str]) -> Process:
    company = story.company
    others = [one for one in company.members() if one is not author]
    reviewer = story.pick([one for one in others if one.team == author.team] or others)
    code.request_review(company, pull, reviewer)
    yield story.working_hours(1, 16)
    if story.chance(0.1):
        return  # merged without anybody having looked
    if story.chance(0.3):
        review = code.review(company, pull, reviewer, "CHANGES_REQUESTED", "One thing before this goes in.")
        code.remark(company, pull, review, "Why here?", path=paths[0], line=1)
        yield story.working_hours(1, 10)
        code.push(company, pull, "Correct what review found", {"src/review.txt": f"{pull.number}\n"})
        issues.comment(company, pull, author, "Corrected.")
        yield story.working_hours(1, 6)
        if story.chance(0.3):
            code.dismiss(company, pull, review, author)
    code.review(company, pull, reviewer, "APPROVED")
    if story.chance(0.1):
        code.review(company, pull, story.pick(others), "PENDING", "Half a thought")
    yield story.working_hours(1, 4)
