with

versions as (
    {{ versions_of('github', 'issue_events') }}
),

staged as (
    select
        content.repository_id as github_repository_id,
        content.id as github_event_id,
        content.event,
        case
            when not (content.issue ->> 'is_pull_request')::boolean then content.issue ->> 'id'
        end as github_issue_id,
        (content.issue ->> 'number')::bigint as issue_number,
        (content.issue ->> 'is_pull_request')::boolean as is_pull_request,
        {{ pseudonym_of_account("content.actor ->> 'id'") }} as actor_pseudonym,
        content.state_reason,
        content.label ->> 'name' as label,
        {{ without_people("content.milestone ->> 'title'") }} as milestone,
        {{ pseudonym_of_account("content.assignee ->> 'id'") }} as assignee_pseudonym,
        {{ pseudonym_of_account("content.requested_reviewer ->> 'id'") }} as reviewer_pseudonym,
        content.commit_id as commit_sha,
        {{ instant('content.created_at') }} as created_at,
        versions.known_from,
        versions.known_until,
        versions.is_deleted
    from versions
    cross join jsonb_to_record(versions.record) as content (
        repository_id text,
        id text,
        event text,
        issue jsonb,
        actor jsonb,
        state_reason text,
        label jsonb,
        milestone jsonb,
        assignee jsonb,
        requested_reviewer jsonb,
        commit_id text,
        created_at text
    )
)

select * from staged
