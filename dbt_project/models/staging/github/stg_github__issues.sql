with

versions as (
    {{ versions_of('github', 'issues') }}
),

staged as (
    select
        content.repository_id as github_repository_id,
        content.id as github_issue_id,
        content.node_id as github_node_id,
        content.number as issue_number,
        {{ without_people('content.title') }} as title,
        content.state,
        content.state_reason,
        content.type ->> 'name' as issue_type,
        {{ pseudonym_of_account("content.user ->> 'id'") }} as author_pseudonym,
        {{ pseudonym_of_account("content.closed_by ->> 'id'") }} as closer_pseudonym,
        array(
            select {{ pseudonym_of_account("item.value ->> 'id'") }}
            from
                jsonb_array_elements(coalesce(content.assignees, '[]'))
                with ordinality as item (value, position)
            order by item.position
        ) as assignee_pseudonyms,
        array(
            select item.value ->> 'name'
            from
                jsonb_array_elements(coalesce(content.labels, '[]'))
                with ordinality as item (value, position)
            order by item.position
        ) as labels,
        content.milestone ->> 'id' as github_milestone_id,
        substring(content.parent_issue_url from '/issues/([0-9]+)$')::bigint as parent_issue_number,
        content.comments as comment_count,
        {{ checkbox_count('content.body', '', false) }} as checkbox_count,
        {{ checkbox_count('content.body', '', true) }} as checkbox_done_count,
        {{ checkbox_count('content.body', 'acceptance criteria', false) }} as criteria_count,
        {{ checkbox_count('content.body', 'acceptance criteria', true) }} as criteria_done_count,
        {{ checkbox_count('content.body', 'metrics', false) }} as metric_count,
        {{ checkbox_count('content.body', 'metrics', true) }} as metric_done_count,
        {{ instant('content.created_at') }} as created_at,
        {{ instant('content.updated_at') }} as updated_at,
        {{ instant('content.closed_at') }} as closed_at,
        versions.known_from,
        versions.known_until,
        versions.is_deleted
    from versions
    cross join jsonb_to_record(versions.record) as content (
        repository_id text,
        id text,
        node_id text,
        number bigint,
        title text,
        state text,
        state_reason text,
        type jsonb,
        "user" jsonb,
        closed_by jsonb,
        assignees jsonb,
        labels jsonb,
        milestone jsonb,
        parent_issue_url text,
        comments bigint,
        body text,
        created_at text,
        updated_at text,
        closed_at text
    )
)

select * from staged
