"""What goes on beside the sprints: dependencies, releases, milestones, incidents, issues without a board."""

from datetime import timedelta

from observes_assets.sandbox.company import code, issues, organization
from observes_assets.sandbox.company.entities import Milestone, Repository
from observes_assets.sandbox.story import Process, Story

_PACKAGES = ("requests", "react", "sqlalchemy", "vite", "cryptography", "lodash")


def upkeep(story: Story) -> Process:
    """Everything that comes back, week after week."""
    for name in ("harbor", "ledger"):
        repository = story.company.repository(name)
        story.begin(_releases(story, repository))
        story.begin(_dependencies(story, repository))
        story.begin(_incidents(story, repository))
    story.begin(_platform(story))
    yield timedelta(0)


def _releases(story: Story, repository: Repository) -> Process:
    """A release every ten days; each third is tried first; a milestone for every fifth."""
    company, number = story.company, 0
    milestone = None
    while True:
        if number % 5 == 0:
            if milestone:
                organization.close_milestone(company, milestone)
            title, due_at = f"{number // 5 + 1}.0", company.now + timedelta(days=50)
            milestone = organization.make_milestone(
                company, repository, title, company.people["kira-novak"], due_at
            )
        if milestone:
            _schedule(story, repository, milestone)
        yield timedelta(days=story.number(9, 11), hours=story.number(0, 5))
        author = story.somebody()
        if number % 3 == 2:
            trial = organization.draft_release(
                company, repository, f"v{number // 5 + 1}.{number % 5}.0-rc1", author, "Try this first."
            )
            trial.is_prerelease = True
            organization.publish_release(company, repository, trial)
            yield timedelta(days=1)
        tag = f"v{number // 5 + 1}.{number % 5}.0"
        release = organization.draft_release(company, repository, tag, author, "What changed.")
        yield timedelta(hours=story.number(1, 6))
        organization.publish_release(company, repository, release)
        number += 1


def _schedule(story: Story, repository: Repository, milestone: Milestone) -> None:
    """Put a few of the newest open issues into the milestone."""
    for issue in list(repository.issues.values())[-20:]:
        if issue.gone is None and issue.milestone is None and issue.is_open and story.chance(0.15):
            issues.set_milestone(story.company, issue, milestone, story.company.people["kira-novak"])


def _dependencies(story: Story, repository: Repository) -> Process:
    """A bot's pull request a week, merged by a person or left until the next one replaces it."""
    company, bot = story.company, story.company.people["dependabot[bot]"]
    while True:
        yield timedelta(days=7, minutes=story.number(0, 59))
        package = story.pick(_PACKAGES)
        head = f"dependabot/{package}-{repository.next_number}"
        subject = f"Bump {package} to {story.number(1, 9)}.{story.number(0, 20)}"
        content = {"requirements.txt": f"{subject}\n"}
        parents = (repository.refs[code.MAIN],)
        ref = f"refs/heads/{head}"
        one = code.commit(company, repository, ref, bot, subject, files=content, parents=parents)
        pull = code.open_pull(
            company, repository, subject, bot, head=head, commits=[one], body="A newer version.\n"
        )
        yield timedelta(hours=story.number(2, 90))
        if story.chance(0.7):
            person = story.somebody()
            code.review(company, pull, person, "APPROVED")
            code.merge(company, pull, person)
        else:
            issues.comment(company, pull, bot, "A newer version has come out since.")
            issues.close(company, pull, bot)


def _incidents(story: Story, repository: Repository) -> Process:
    """Now and then something breaks after a release, and is mended within hours by a small release."""
    company = story.company
    number = 0
    while True:
        yield timedelta(days=story.number(18, 40), hours=story.number(0, 23), minutes=story.number(0, 59))
        number += 1
        person = story.somebody()
        issue = issues.open_issue(
            company,
            repository,
            f"{repository.name} answers with errors ({number})",
            person,
            type_name="Bug",
            labels=("incident", "bug"),
        )
        yield timedelta(minutes=story.number(20, 400))
        head = f"hotfix/{issue.number}"
        parents = (repository.refs[code.MAIN],)
        content = {"src/store.txt": f"mended {issue.number}\n"}
        ref, body = f"refs/heads/{head}", f"Fixes #{issue.number}\n"
        one = code.commit(company, repository, ref, person, "Mend it", files=content, parents=parents)
        pull = code.open_pull(
            company, repository, f"Hotfix {number}", person, head=head, commits=[one], body=body
        )
        yield timedelta(minutes=story.number(5, 60))
        code.merge(company, pull, person)
        release = organization.draft_release(
            company, repository, f"v0.0.{number}-hotfix", person, f"Fixes #{issue.number}"
        )
        organization.publish_release(company, repository, release)
        issues.close(company, issue, person)


def _platform(story: Story) -> Process:
    """Issues of a team without a board: orphans, as far as the boards know."""
    company = story.company
    repository = company.repository("pylon")
    while True:
        yield timedelta(days=story.number(3, 9), hours=story.number(0, 7))
        person = story.somebody("platform")
        issue = issues.open_issue(company, repository, f"Renew machine {repository.next_number}", person)
        story.begin(_machine(story, issue.number))


def _machine(story: Story, number: int) -> Process:
    company = story.company
    issue = company.repository("pylon").issues[number]
    yield story.working_hours(4, 100)
    person = story.somebody("platform")
    issues.comment(company, issue, person, "Done as described.")
    if issue.gone is None:
        issues.close(company, issue, person)
