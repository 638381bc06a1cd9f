"""What happens to issues, each with the event that GitHub would show for it."""

from collections.abc import Iterable
from typing import Any

from observes_assets.sandbox.company import Company
from observes_assets.sandbox.company.entities import (
    Comment,
    Event,
    Issue,
    IssueType,
    Label,
    Milestone,
    Person,
    Repository,
)


def note(company: Company, issue: Issue, name: str, actor: Person, **details: Any) -> None:
    """Add an event to an issue's timeline; the issue counts as updated."""
    note_quietly(company, issue, name, actor, **details)
    touch(company, issue)


def note_quietly(company: Company, issue: Issue, name: str, actor: Person, **details: Any) -> None:
    """Add an event to an issue's timeline that leaves ``updated_at`` alone, as what boards do."""
    issue.events.append(Event(company.next_id("event"), name, actor, company.now, details))


def touch(company: Company, issue: Issue) -> None:
    """The issue was updated now."""
    issue.updated_at = company.now
    issue.repository.updated_at = company.now


def open_issue(
    company: Company,
    repository: Repository,
    title: str,
    author: Person,
    *,
    body: str = "",
    type_name: str | None = None,
    parent: Issue | None = None,
    labels: Iterable[str] = (),
) -> Issue:
    """A new issue."""
    kind = company.types[type_name] if type_name else None
    number = repository.next_number
    repository.next_number += 1
    now = company.now
    issue = Issue(company.next_id("issue"), number, repository, title, body, author, now, now, type=kind)
    repository.issues[number] = issue
    for label in labels:
        add_label(company, issue, label, author)
    if parent:
        set_parent(company, issue, parent, author)
    return issue


def set_parent(company: Company, issue: Issue, parent: Issue | None, actor: Person) -> None:
    """Put an issue below another, or below none."""
    if issue.parent is parent:
        return
    if former := issue.parent:
        former.children.remove(issue)
        note(company, issue, "parent_issue_removed", actor, parent_issue=former)
        note(company, former, "sub_issue_removed", actor, sub_issue=issue)
    issue.parent = parent
    if parent:
        parent.children.append(issue)
        note(company, issue, "parent_issue_added", actor, parent_issue=parent)
        note(company, parent, "sub_issue_added", actor, sub_issue=issue)


def set_type(company: Company, issue: Issue, kind: IssueType | None, actor: Person) -> None:
    """Say what kind of work it is."""
    former, issue.type = issue.type, kind
    if former and kind:
        note(company, issue, "issue_type_changed", actor, issue_type=kind, prev_issue_type=former)
    elif kind:
        note(company, issue, "issue_type_added", actor, issue_type=kind)
    elif former:
        note(company, issue, "issue_type_removed", actor, prev_issue_type=former)


def close(company: Company, issue: Issue, actor: Person, reason: str = "completed") -> None:
    """Close it: completed, not_planned or duplicate."""
    if issue.is_open:
        issue.closed_at, issue.closed_by, issue.state_reason = company.now, actor, reason
        note(company, issue, "closed", actor, state_reason=None if issue.pull else reason)


def reopen(company: Company, issue: Issue, actor: Person) -> None:
    """Open it again."""
    if not issue.is_open:
        issue.closed_at = issue.closed_by = None
        issue.state_reason = "reopened"
        note(company, issue, "reopened", actor, state_reason="reopened")


def add_label(company: Company, issue: Issue, name: str, actor: Person) -> None:
    """Put a label of its repository on it."""
    label: Label = issue.repository.labels[name]
    if label not in issue.labels:
        issue.labels.append(label)
        note(company, issue, "labeled", actor, label=label)


def remove_label(company: Company, issue: Issue, name: str, actor: Person) -> None:
    """Take a label off, if it is there."""
    for label in issue.labels:
        if label.name == name:
            issue.labels.remove(label)
            note(company, issue, "unlabeled", actor, label=label)
            return


def assign(company: Company, issue: Issue, person: Person, actor: Person) -> None:
    """Give it to somebody."""
    if person not in issue.assignees:
        issue.assignees.append(person)
        note(company, issue, "assigned", actor, assignee=person)


def unassign(company: Company, issue: Issue, person: Person, actor: Person) -> None:
    """Take it from somebody."""
    if person in issue.assignees:
        issue.assignees.remove(person)
        note(company, issue, "unassigned", actor, assignee=person)


def set_milestone(company: Company, issue: Issue, milestone: Milestone, actor: Person) -> None:
    """Put it into a milestone of its repository."""
    issue.milestone = milestone
    milestone.updated_at = company.now
    note(company, issue, "milestoned", actor, milestone=milestone)


def comment(company: Company, issue: Issue, author: Person, body: str) -> Comment:
    """Say something."""
    one = Comment(company.next_id("comment"), author, body, company.now, company.now)
    issue.comments.append(one)
    touch(company, issue)
    return one


def edit_comment(company: Company, issue: Issue, one: Comment, body: str) -> None:
    """Say it otherwise."""
    one.body, one.updated_at = body, company.now
    touch(company, issue)


def edit(company: Company, issue: Issue, *, title: str | None = None, body: str | None = None) -> None:
    """Change the words; a new title leaves an event."""
    if title is not None and title != issue.title:
        former, issue.title = issue.title, title
        note(company, issue, "renamed", issue.author, rename={"from": former, "to": title})
    if body is not None:
        issue.body = body
        touch(company, issue)


def delete(company: Company, issue: Issue) -> None:
    """Delete it for good: its number answers 410, its cards go, its children are orphans."""
    issue.gone = "deleted"
    for child in list(issue.children):
        child.parent = None
        touch(company, child)
    issue.children.clear()
    if issue.parent:
        issue.parent.children.remove(issue)
        issue.parent = None
    for board in company.boards.values():
        board.items = [item for item in board.items if item.content is not issue]


def transfer(company: Company, issue: Issue, target: Repository, actor: Person) -> Issue:
    """Move it to another repository: a new id and number there, the old number leads to it.

    Comments, parent, children and cards go along; labels only if the target has one of that name.
    """
    number = target.next_number
    target.next_number += 1
    now = company.now
    moved = Issue(
        company.next_id("issue"),
        number,
        target,
        issue.title,
        issue.body,
        issue.author,
        issue.created_at,
        now,
        type=issue.type,
        parent=issue.parent,
        children=issue.children,
        closed_at=issue.closed_at,
        state_reason=issue.state_reason,
        closed_by=issue.closed_by,
        labels=[target.labels[one.name] for one in issue.labels if one.name in target.labels],
        assignees=issue.assignees,
        comments=issue.comments,
        events=issue.events,
    )
    target.issues[number] = moved
    issue.gone, issue.children, issue.comments, issue.events = moved, [], [], []
    for child in moved.children:
        child.parent = moved
    if moved.parent:
        moved.parent.children[moved.parent.children.index(issue)] = moved
    for board in company.boards.values():
        for item in board.items:
            if item.content is issue:
                item.content = moved
    note(company, moved, "transferred", actor)
    return moved
