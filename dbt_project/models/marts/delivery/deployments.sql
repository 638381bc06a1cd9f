with

changes as (
    select
        github_release_id,
        count(*) as change_count,
        percentile_disc(0.5) within group (order by lead_time_seconds) as lead_time_seconds
    from {{ ref('pull_requests') }}
    where known_to is null and github_release_id is not null
    group by github_release_id
),

-- an incident is laid to the last release before it
incidents as (
    select
        releases.github_release_id,
        count(*) as incident_count,
        count(issues.closed_at) as restored_incident_count,
        percentile_disc(0.5) within group (
            order by extract(epoch from issues.closed_at - issues.created_at)::bigint
        ) filter (where issues.closed_at is not null) as restore_seconds
    from {{ ref('int_releases_published') }} as releases
    inner join {{ ref('issues') }} as issues
        on
            releases.repository_name = issues.repository_name
            and releases.published_at <= issues.created_at
            and issues.created_at < coalesce(releases.next_at, 'infinity')
    where issues.is_incident and not issues.is_gone and not issues.is_dropped
    group by releases.github_release_id
)

select
    releases.github_release_id,
    releases.repository_name,
    releases.tag,
    releases.published_at,
    releases.next_at as replaced_at,
    coalesce(changes.change_count, 0) as change_count,
    changes.lead_time_seconds,
    coalesce(incidents.incident_count, 0) as incident_count,
    coalesce(incidents.incident_count, 0) > 0 as is_failed,
    coalesce(incidents.restored_incident_count, 0) as restored_incident_count,
    incidents.restore_seconds,
    releases.known_from
from {{ ref('int_releases_published') }} as releases
left join changes
    on releases.github_release_id = changes.github_release_id
left join incidents
    on releases.github_release_id = incidents.github_release_id
