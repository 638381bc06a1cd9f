with

versions as (
    select
        issues.*,
        coalesce(moved.github_newest_issue_id, issues.github_issue_id) as github_newest_issue_id,
        repositories.repository_name
    from {{ ref('int_issues_dated') }} as issues
    left join {{ ref('int_repositories_named') }} as repositories
        on issues.github_repository_id = repositories.github_repository_id
    left join {{ ref('int_issues_moved') }} as moved
        on issues.github_issue_id = moved.github_issue_id
)

select
    github_issue_id,
    version_number,
    github_newest_issue_id,
    repository_name,
    issue_number,
    title,
    issue_type,
    level,
    state,
    state_reason,
    labels,
    is_done,
    is_dropped,
    is_reconstructed,
    criteria_count,
    criteria_done_count,
    created_at,
    closed_at,
    valid_from,
    nullif(valid_until, 'infinity') as valid_until,
    known_from,
    known_until as known_to
from versions
