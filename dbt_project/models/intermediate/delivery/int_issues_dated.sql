with

words as (
    {{ delivery_words() }}
),

versions as (
    select
        issues.github_repository_id,
        issues.github_issue_id,
        issues.issue_number,
        issues.title,
        issues.issue_type,
        issues.state,
        issues.state_reason,
        issues.labels,
        case
            when lower(issues.issue_type) = any(words.deliverable_types) then 'deliverable'
            when lower(issues.issue_type) = any(words.epic_types) then 'epic'
            else 'work'
        end as level,
        -- issues closed before GitHub knew reasons have none
        issues.state = 'closed'
        and coalesce(issues.state_reason, 'completed') = any(words.closed_as_reasons) as is_done,
        -- not planned, duplicate, and whatever reason GitHub adds: what is closed is not left to do
        issues.state = 'closed'
        and coalesce(issues.state_reason, 'completed') <> 'completed'
        and not issues.state_reason = any(words.closed_as_reasons) as is_dropped,
        coalesce(lower(issues.issue_type) = any(words.incident_types), false)
        or lower(issues.labels::text)::text[] && words.incident_labels as is_incident,
        issues.criteria_count,
        issues.criteria_done_count,
        issues.metric_count,
        issues.metric_done_count,
        issues.created_at,
        issues.updated_at,
        issues.closed_at,
        issues.known_from,
        issues.known_until
    from {{ ref('stg_github__issues') }} as issues
    cross join words
    where not issues.is_deleted
),

numbered as (
    select
        *,
        row_number() over by_issue as version_number,
        -- the look before: where the version before ended, if something was missing in between
        coalesce(nullif(lag(known_until) over by_issue, known_from), lag(known_from) over by_issue)
            as known_before
    from versions
    window by_issue as (partition by github_issue_id order by known_from)
),

begun as (
    select
        numbered.*,
        case
            when numbered.known_before is null
                then least(coalesce(numbered.closed_at, numbered.created_at), numbered.known_from)
            when
                numbered.state = 'closed'
                and numbered.closed_at > numbered.known_before
                and numbered.closed_at <= numbered.known_from
                then numbered.closed_at
            else {{ changed_at('numbered.updated_at', 'numbered.known_before', 'numbered.known_from') }}
        end as valid_from
    from numbered
),

dated as (
    select
        *,
        coalesce(
            case when lead(known_from) over by_issue = known_until then lead(valid_from) over by_issue end,
            known_until,
            'infinity'
        ) as valid_until,
        false as is_reconstructed
    from begun
    window by_issue as (partition by github_issue_id order by known_from)
),

-- an issue that was closed when it was first seen had been open before
opened as (
    select
        github_repository_id,
        github_issue_id,
        issue_number,
        title,
        issue_type,
        'open' as state,
        null::text as state_reason,
        labels,
        level,
        false as is_done,
        false as is_dropped,
        is_incident,
        criteria_count,
        criteria_done_count,
        metric_count,
        metric_done_count,
        created_at,
        updated_at,
        null::timestamptz as closed_at,
        known_from,
        known_until,
        0::bigint as version_number,
        known_before,
        created_at as valid_from,
        valid_from as valid_until,
        true as is_reconstructed
    from dated
    where version_number = 1 and state = 'closed' and created_at < valid_from
),

spans as (
    select * from dated
    union all
    select * from opened
)

select
    github_repository_id,
    github_issue_id,
    version_number,
    issue_number,
    title,
    issue_type,
    level,
    state,
    state_reason,
    labels,
    is_done,
    is_dropped,
    is_incident,
    is_reconstructed,
    criteria_count,
    criteria_done_count,
    metric_count,
    metric_done_count,
    created_at,
    closed_at,
    valid_from,
    valid_until,
    known_from,
    known_until
from spans
