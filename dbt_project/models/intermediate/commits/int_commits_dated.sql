with

commits as (
    select
        repository_id,
        branch,
        commit_sha,
        organization_name,
        fingerprint,
        author_pseudonym,
        author_id,
        authored_at,
        committed_at,
        seen_at,
        is_history,
        is_merge
    from {{ ref('int_commits_observed') }}
),

settings as (
    select time_zone
    from {{ ref('stg_portfolio__portfolio') }}
    where is_newest
),

-- A fingerprint's first row within its organization decides. Where history and a new commit were seen
-- at the same instant history wins, so that a copy of old work is never billed.
compared as (
    select
        commits.*,
        settings.time_zone,
        first_value(commits.seen_at) over first_seen as first_seen_at,
        first_value(commits.is_history) over first_seen as is_first_history,
        min(commits.committed_at) over (
            partition by commits.organization_name, commits.fingerprint
        ) as first_committed_at
    from commits
    cross join settings
    window first_seen as (
        partition by commits.organization_name, commits.fingerprint
        order by
            commits.seen_at asc,
            commits.is_history desc,
            commits.authored_at asc,
            commits.commit_sha asc,
            commits.repository_id asc,
            commits.branch asc
    )
),

months as (
    select
        *,
        {{ month_on('seen_at', 'time_zone') }} as seen_month_on,
        {{ month_on('first_seen_at', 'time_zone') }} as first_seen_month_on,
        {{ month_on('first_committed_at', 'time_zone') }} as first_committed_month_on
    from compared
),

dated as (
    select
        repository_id,
        branch,
        commit_sha,
        fingerprint,
        author_pseudonym,
        author_id,
        authored_at,
        committed_at,
        seen_at,
        is_merge,
        case
            when not is_first_history and not is_history and seen_month_on = first_seen_month_on
                then seen_month_on
        end as observed_month_on,
        first_committed_month_on as committed_month_on
    from months
)

select * from dated
