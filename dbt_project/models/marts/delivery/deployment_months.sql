with

words as (
    {{ delivery_words() }}
),

deployments as (
    select
        deployments.*,
        {{ month_on('deployments.published_at', 'words.time_zone') }} as month_on
    from {{ ref('deployments') }} as deployments
    cross join words
    where deployments.repository_name is not null
),

totals as (
    select
        repository_name,
        month_on,
        count(*) as deployment_count,
        sum(change_count)::bigint as change_count,
        count(*) filter (where is_failed) as failed_deployment_count,
        sum(incident_count)::bigint as incident_count
    from deployments
    group by repository_name, month_on
),

changes as (
    select
        deployments.repository_name,
        deployments.month_on,
        percentile_disc(0.5) within group (order by pull_requests.lead_time_seconds) as lead_time_seconds
    from deployments
    inner join {{ ref('pull_requests') }} as pull_requests
        on deployments.github_release_id = pull_requests.github_release_id
    where pull_requests.known_to is null
    group by deployments.repository_name, deployments.month_on
),

incidents as (
    select
        deployments.repository_name,
        deployments.month_on,
        percentile_disc(0.5) within group (
            order by extract(epoch from issues.closed_at - issues.created_at)::bigint
        ) as restore_seconds
    from deployments
    inner join {{ ref('issues') }} as issues
        on
            deployments.repository_name = issues.repository_name
            and deployments.published_at <= issues.created_at
            and issues.created_at < coalesce(deployments.replaced_at, 'infinity')
    where issues.is_incident and not issues.is_gone and not issues.is_dropped and issues.closed_at is not null
    group by deployments.repository_name, deployments.month_on
)

select
    totals.repository_name,
    totals.month_on,
    totals.deployment_count,
    totals.change_count,
    changes.lead_time_seconds,
    totals.failed_deployment_count,
    floor(100.0 * totals.failed_deployment_count / totals.deployment_count) as change_failure_percent,
    totals.incident_count,
    incidents.restore_seconds
from totals
left join changes
    on totals.repository_name = changes.repository_name and totals.month_on = changes.month_on
left join incidents
    on totals.repository_name = incidents.repository_name and totals.month_on = incidents.month_on
