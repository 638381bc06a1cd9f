with

commits as (
    select
        repository_id,
        branch,
        commit_sha,
        seen_at,
        is_merge
    from {{ ref('int_commits_observed') }}
),

entries as (
    select * from {{ ref('int_repositories_owned') }}
),

versions as (
    select distinct
        repository_id,
        branch,
        version_number,
        valid_from
    from entries
),

-- A batch's commits share their seen_at, so ownership is decided once a batch instead of once a commit.
observations as (
    select distinct
        repository_id,
        branch,
        seen_at
    from commits
),

-- the newest portfolio of that moment which lists the repository and branch, else the earliest later one
decided as (
    select distinct on (observations.repository_id, observations.branch, observations.seen_at)
        observations.repository_id,
        observations.branch,
        observations.seen_at,
        versions.version_number
    from observations
    inner join versions
        on
            observations.repository_id = versions.repository_id
            and observations.branch = versions.branch
    order by
        observations.repository_id asc,
        observations.branch asc,
        observations.seen_at asc,
        (versions.valid_from <= observations.seen_at) desc,
        case
            when versions.valid_from <= observations.seen_at then -versions.version_number
            else versions.version_number
        end asc
),

owners as (
    select
        decided.repository_id,
        decided.branch,
        decided.seen_at,
        entries.organization_name,
        entries.group_name,
        entries.repository_nickname,
        entries.ignore_sha256
    from decided
    inner join entries
        on
            decided.repository_id = entries.repository_id
            and decided.branch = entries.branch
            and decided.version_number = entries.version_number
),

ignored as (
    select
        ignore_sha256,
        commit_sha,
        is_ignored
    from {{ ref('stg_landing__ignored_commits') }}
),

-- Left joins into columns that may not be null: a commit without an owner, or one that nobody compared
-- with its owner's patterns, stops the build. Merges never count, so they need no comparison.
owned as (
    select
        commits.repository_id,
        commits.branch,
        commits.commit_sha,
        owners.organization_name,
        owners.group_name,
        owners.repository_nickname,
        case
            when owners.ignore_sha256 is null or commits.is_merge then false
            else ignored.is_ignored
        end as is_ignored
    from commits
    left join owners
        on
            commits.repository_id = owners.repository_id
            and commits.branch = owners.branch
            and commits.seen_at = owners.seen_at
    left join ignored
        on
            owners.ignore_sha256 = ignored.ignore_sha256
            and commits.commit_sha = ignored.commit_sha
)

select * from owned
