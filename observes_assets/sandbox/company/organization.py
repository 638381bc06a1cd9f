"""People, teams and repositories: who comes and goes, and what is renamed, hidden and published."""

from datetime import datetime

from observes_assets.sandbox.company import Company
from observes_assets.sandbox.company.entities import (
    IssueType,
    Label,
    Milestone,
    Person,
    Release,
    Repository,
    Team,
)

_LABELS = (
    ("bug", "d73a4a", "Something does not work", True),
    ("documentation", "0075ca", "Words", True),
    ("incident", "b60205", "Users could not do what they came for", False),
    ("needs points", "fbca04", "Nobody has said how large it is", False),
)


def hire(
    company: Company, login: str, name: str, *, team: str | None, utc_offset_hours: int, is_bot: bool = False
) -> Person:
    """Somebody joins, and a team with them."""
    email = f"{login.removesuffix('[bot]')}@quillmark.example"
    person = Person(
        company.next_id("person"), login, name, email, utc_offset_hours, company.now, team, is_bot, not is_bot
    )
    company.people[login] = person
    if team:
        company.teams[team].members.append(person)
    return person


def leave(company: Company, person: Person) -> None:
    """Somebody leaves the organization; their work stays under their name."""
    person.is_member = False
    person.left_at = company.now
    for team in company.teams.values():
        if person in team.members:
            team.members.remove(person)


def rename_person(company: Company, person: Person, login: str) -> None:
    """A login changes; the id stays."""
    del company.people[person.login]
    person.login = login
    company.people[login] = person


def delete_account(company: Company, person: Person) -> None:
    """The account is gone: their work is shown as nobody's."""
    leave(company, person)
    person.is_deleted = True


def make_team(company: Company, slug: str, name: str, description: str) -> Team:
    """A team without members."""
    company.teams[slug] = Team(company.next_id("team"), slug, name, description)
    return company.teams[slug]


def make_type(company: Company, name: str, description: str, color: str) -> None:
    """An issue type for the whole organization."""
    company.types[name] = IssueType(company.next_id("type"), name, description, color)


def make_repository(
    company: Company, name: str, description: str, language: str, *, is_private: bool = False
) -> Repository:
    """An empty repository with the usual labels."""
    now = company.now
    one = Repository(
        company.next_id("repository"), name, company.name, description, language, now, now, now, is_private
    )
    for label, color, about, is_default in _LABELS:
        one.labels[label] = Label(company.next_id("label"), label, color, about, is_default)
    company.repositories.append(one)
    return one


def rename_repository(company: Company, repository: Repository, name: str) -> None:
    """The old name leads to the new one."""
    repository.former_names.append(repository.name)
    repository.name = name
    repository.updated_at = company.now


def hide_repository(company: Company, repository: Repository) -> None:
    """Make it private, where the extract's credentials don't reach."""
    repository.is_private = repository.is_hidden = True
    repository.updated_at = company.now


def archive_repository(company: Company, repository: Repository) -> None:
    """Read-only from now on."""
    repository.is_archived = True
    repository.updated_at = company.now


def delete_label(company: Company, repository: Repository, name: str) -> None:
    """Take a label away, from its issues too, without a word on them."""
    label = repository.labels.pop(name)
    for issue in repository.issues.values():
        if label in issue.labels:
            issue.labels.remove(label)
    repository.updated_at = company.now


def make_milestone(
    company: Company, repository: Repository, title: str, creator: Person, due_at: datetime | None
) -> Milestone:
    """A milestone."""
    number = len(repository.milestones) + 1
    one = Milestone(
        company.next_id("milestone"), number, title, "", creator, company.now, company.now, due_at
    )
    repository.milestones.append(one)
    return one


def close_milestone(company: Company, milestone: Milestone) -> None:
    """Done, whatever is still open in it."""
    milestone.closed_at = milestone.updated_at = company.now


def draft_release(company: Company, repository: Repository, tag: str, author: Person, body: str) -> Release:
    """A release that only its makers see."""
    one = Release(
        company.next_id("release"), tag, f"{repository.name} {tag}", body, author, company.now, None, True
    )
    repository.releases.append(one)
    return one


def publish_release(company: Company, repository: Repository, release: Release) -> None:
    """Tag what ``main`` has now, and show the release."""
    release.is_draft = False
    release.published_at = company.now
    if main := repository.refs.get("refs/heads/main"):
        repository.refs[f"refs/tags/{release.tag}"] = main
