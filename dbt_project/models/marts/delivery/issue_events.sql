with

-- an issue that was transferred takes its events along: they count where they were found last
events as (
    select distinct on (github_event_id)
        github_event_id,
        github_repository_id,
        github_issue_id,
        issue_number,
        is_pull_request,
        event,
        state_reason,
        label,
        milestone,
        actor_pseudonym,
        assignee_pseudonym,
        commit_sha,
        created_at,
        known_from
    from {{ ref('stg_github__issue_events') }}
    order by github_event_id asc, known_from desc, github_repository_id asc
)

select
    events.github_event_id,
    repositories.repository_name,
    events.issue_number,
    events.github_issue_id,
    events.is_pull_request,
    events.event,
    events.state_reason,
    events.label,
    events.milestone,
    events.actor_pseudonym,
    events.assignee_pseudonym,
    events.commit_sha,
    events.created_at as happened_at,
    events.known_from
from events
left join {{ ref('int_repositories_named') }} as repositories
    on events.github_repository_id = repositories.github_repository_id
