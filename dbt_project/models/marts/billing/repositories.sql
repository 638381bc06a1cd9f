with

entries as (
    select * from {{ ref('int_repositories_owned') }}
    where is_newest
),

observations as (
    select * from {{ ref('stg_git__observations') }}
    where not is_deleted
),

histories as (
    select
        scope ->> 'repository_id' as repository_id,
        scope ->> 'branch' as branch,
        min(extracted_until) as first_observed_at
    from {{ ref('stg_landing__loads') }}
    where source_name = 'git' and stream_name = 'commits' and is_first
    group by scope ->> 'repository_id', scope ->> 'branch'
),

listed as (
    select
        entries.organization_name,
        entries.group_name,
        entries.repository_nickname as nickname,
        entries.repository_id,
        entries.branch,
        coalesce(observations.outcome, 'never') as outcome,
        observations.reason,
        observations.outcome_since,
        histories.first_observed_at
    from entries
    left join observations
        on
            entries.repository_id = observations.repository_id
            and entries.branch = observations.branch
    left join histories
        on
            entries.repository_id = histories.repository_id
            and entries.branch = histories.branch
)

select * from listed
