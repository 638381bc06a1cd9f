-- The second way: no windows. Under observed, a fingerprint's first instant by min(), and whether any
-- history stood there; under committed, the smallest committer date. Then both sides must be equal.
with

settings as (
    select time_zone from {{ ref('billing_settings') }}
),

firsts as (
    select
        organization_name,
        fingerprint,
        min(seen_at) as first_seen_at,
        coalesce(min(seen_at) filter (where is_history), 'infinity') as first_history_at,
        min(committed_at) as first_committed_at
    from {{ ref('commits') }}
    group by organization_name, fingerprint
),

countable as (
    select
        commits.*,
        owned.group_name,
        firsts.first_history_at > firsts.first_seen_at and not commits.is_history as is_new,
        date_trunc('month', commits.seen_at at time zone settings.time_zone) as seen_month,
        date_trunc('month', firsts.first_seen_at at time zone settings.time_zone) as first_seen_month,
        date_trunc('month', firsts.first_committed_at at time zone settings.time_zone) as committed_month
    from {{ ref('commits') }} as commits
    inner join {{ ref('int_commits_owned') }} as owned
        on
            commits.commit_sha = owned.commit_sha
            and commits.repository_id = owned.repository_id
            and commits.branch = owned.branch
    inner join firsts
        on
            commits.organization_name = firsts.organization_name
            and commits.fingerprint = firsts.fingerprint
    cross join settings
    where not commits.is_merge and not owned.is_ignored
),

expected as (
    select
        'observed' as rule,
        first_seen_month::date as month_on,
        group_name,
        repository_id,
        branch,
        commit_sha
    from countable
    where is_new and seen_month = first_seen_month
    union all
    select
        'committed' as rule,
        committed_month::date as month_on,
        group_name,
        repository_id,
        branch,
        commit_sha
    from countable
),

billed as (
    select
        rule,
        month_on,
        group_name,
        repository_id,
        branch,
        commit_sha
    from {{ ref('billed_commits') }}
),

differences as (
    (
        select * from expected
        except all
        select * from billed
    )
    union all
    (
        select * from billed
        except all
        select * from expected
    )
)

select
    rule,
    month_on,
    group_name,
    repository_id,
    branch,
    commit_sha
from differences
