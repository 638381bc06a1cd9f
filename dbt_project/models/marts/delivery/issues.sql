with

-- the last version of each; of an issue that is gone, what it was at the end
last_versions as (
    select distinct on (github_issue_id)
        *,
        known_until is not null as is_gone
    from {{ ref('int_issues_dated') }}
    order by github_issue_id asc, version_number desc
),

first_versions as (
    select
        github_issue_id,
        min(known_from) as first_seen_at
    from {{ ref('int_issues_dated') }}
    group by github_issue_id
),

-- the card that counts now
cards as (
    select
        github_issue_id,
        github_project_id,
        sprint_starts_on,
        status,
        points,
        is_done,
        done_at
    from {{ ref('int_cards_counted') }}
    where valid_until = 'infinity'
),

sprints as (
    select
        github_project_id,
        starts_on,
        sprint_title,
        board_number
    from {{ ref('int_sprints_bounded') }}
),

boards as (
    select
        github_project_id,
        board_number
    from {{ ref('int_boards_configured') }}
    where github_project_id is not null
),

parents as (
    select distinct on (github_issue_id)
        github_issue_id,
        github_parent_issue_id
    from {{ ref('stg_github__issue_parents') }}
    where known_until is null and not is_deleted
    order by github_issue_id
),

memberships as (
    select
        github_issue_id,
        max(github_above_id) filter (where above_level = 'epic') as github_epic_id,
        max(github_above_id) filter (where above_level = 'deliverable') as github_deliverable_id
    from {{ ref('issue_memberships') }}
    where is_current
    group by github_issue_id
),

begun as (
    select
        github_issue_id,
        min(entered_at) as started_at
    from {{ ref('status_intervals') }}
    where is_started
    group by github_issue_id
),

fates as (
    select distinct on (github_id)
        github_id,
        fate,
        moved_to_github_id
    from {{ ref('stg_github__disappearances') }}
    where kind = 'issue' and known_until is null
    order by github_id
),

reopenings as (
    select
        github_issue_id,
        count(*) as reopened_count
    from {{ ref('issue_events') }}
    where event = 'reopened' and github_issue_id is not null
    group by github_issue_id
),

judged as (
    select
        last_versions.*,
        coalesce(cards.is_done, last_versions.is_done) as is_done_now,
        coalesce(cards.done_at, case when last_versions.is_done then last_versions.closed_at end) as done_at,
        first_versions.first_seen_at,
        cards.github_project_id,
        cards.sprint_starts_on,
        cards.status,
        cards.points,
        parents.github_parent_issue_id,
        memberships.github_epic_id,
        memberships.github_deliverable_id,
        begun.started_at,
        fates.fate,
        fates.moved_to_github_id,
        coalesce(reopenings.reopened_count, 0) as reopened_count
    from last_versions
    inner join first_versions
        on last_versions.github_issue_id = first_versions.github_issue_id
    left join cards
        on last_versions.github_issue_id = cards.github_issue_id
    left join parents
        on last_versions.github_issue_id = parents.github_issue_id
    left join memberships
        on last_versions.github_issue_id = memberships.github_issue_id
    left join begun
        on last_versions.github_issue_id = begun.github_issue_id
    left join fates
        on last_versions.github_issue_id = fates.github_id and last_versions.is_gone
    left join reopenings
        on last_versions.github_issue_id = reopenings.github_issue_id
)

select
    judged.github_issue_id,
    repositories.repository_name,
    judged.issue_number,
    judged.title,
    judged.issue_type,
    judged.level,
    judged.state,
    judged.state_reason,
    judged.labels,
    judged.is_incident,
    judged.is_done_now as is_done,
    judged.is_dropped,
    judged.is_gone,
    judged.fate,
    judged.moved_to_github_id as moved_to_issue_id,
    boards.board_number,
    sprints.sprint_title,
    judged.status,
    judged.points,
    judged.github_parent_issue_id,
    judged.github_epic_id,
    judged.github_deliverable_id,
    not judged.is_gone
    and judged.level = 'work'
    and judged.github_parent_issue_id is null
    and judged.state = 'open'
    and not judged.is_done_now as is_orphan,
    judged.criteria_count,
    judged.criteria_done_count,
    judged.metric_count,
    judged.metric_done_count,
    judged.created_at,
    judged.started_at,
    judged.done_at,
    judged.closed_at,
    judged.reopened_count,
    case when judged.is_done_now then extract(epoch from judged.done_at - judged.created_at)::bigint end
        as lead_time_seconds,
    case
        when judged.is_done_now and judged.started_at <= judged.done_at
            then extract(epoch from judged.done_at - judged.started_at)::bigint
    end as cycle_time_seconds,
    judged.first_seen_at,
    judged.known_from,
    judged.known_until as known_to
from judged
left join {{ ref('int_repositories_named') }} as repositories
    on judged.github_repository_id = repositories.github_repository_id
left join boards
    on judged.github_project_id = boards.github_project_id
left join sprints
    on judged.github_project_id = sprints.github_project_id and judged.sprint_starts_on = sprints.starts_on
