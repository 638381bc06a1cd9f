with

commits as (
    select * from {{ ref('stg_git__commits') }}
),

-- a repository keeps its organization for ever; its nickname is the last one that the portfolio gave it
repositories as (
    select distinct on (repository_id)
        repository_id,
        organization_name,
        repository_nickname
    from {{ ref('int_repositories_owned') }}
    order by repository_id asc, version_number desc, group_name asc, repository_nickname asc
),

-- the mailmap of the newest portfolio holds for every month: a bill's people are those of its release
identities as (
    select
        author_pseudonym,
        author_id
    from {{ ref('stg_landing__identities') }}
    where
        mailmap_sha256 = (
            select portfolio.mailmap_sha256
            from {{ ref('stg_portfolio__portfolio') }} as portfolio
            where portfolio.is_newest
        )
),

-- left joins into columns that may not be null: a commit without repository or identity stops the
-- build, it does not vanish
observed as (
    select
        commits.repository_id,
        commits.branch,
        commits.commit_sha,
        repositories.organization_name,
        repositories.repository_nickname,
        commits.fingerprint,
        commits.author_pseudonym,
        identities.author_id,
        commits.authored_at,
        commits.committed_at,
        commits.seen_at,
        commits.is_history,
        commits.is_merge,
        commits.is_reachable,
        commits.insertions,
        commits.deletions,
        commits.file_count
    from commits
    left join repositories
        on commits.repository_id = repositories.repository_id
    left join identities
        on commits.author_pseudonym = identities.author_pseudonym
)

select * from observed
