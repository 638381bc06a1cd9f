with

dated as (
    select * from {{ ref('int_commits_dated') }}
),

owned as (
    select * from {{ ref('int_commits_owned') }}
),

-- identities of commits as of this build only: a later load's names must not reach an earlier release
identities as (
    select
        author_pseudonym,
        author_id,
        author_name,
        canonical_name,
        canonical_email,
        canonical_name <> author_name as is_renamed
    from {{ ref('stg_landing__identities') }}
    where
        mailmap_sha256 = (
            select portfolio.mailmap_sha256
            from {{ ref('stg_portfolio__portfolio') }} as portfolio
            where portfolio.is_newest
        )
        and author_pseudonym in (select seen.author_pseudonym from {{ ref('int_commits_dated') }} as seen)
),

-- the name that the mailmap gives an e-mail under any of its spellings; null if it gives none
mailmap_names as (
    select
        author_id,
        min(canonical_name) filter (where is_renamed) as mailmap_name
    from identities
    group by author_id
),

people as (
    select
        identities.author_pseudonym,
        identities.canonical_email as author_email,
        case
            when identities.is_renamed then identities.canonical_name
            else coalesce(mailmap_names.mailmap_name, identities.author_name)
        end as author_name
    from identities
    inner join mailmap_names
        on identities.author_id = mailmap_names.author_id
),

-- two rules, one row each: proof_at is the instant by which a rule chooses its proof
counted as (
    select
        rules.rule,
        rules.month_on,
        rules.proof_at,
        owned.organization_name,
        owned.group_name,
        owned.repository_nickname,
        dated.*
    from dated
    inner join owned
        on
            dated.commit_sha = owned.commit_sha
            and dated.repository_id = owned.repository_id
            and dated.branch = owned.branch
    cross join
        lateral (
            values
            ('observed', dated.observed_month_on, dated.seen_at),
            ('committed', dated.committed_month_on, dated.committed_at)
        ) as rules (rule, month_on, proof_at)
    where
        not dated.is_merge
        and not owned.is_ignored
        and rules.month_on is not null
),

proven as (
    select
        counted.*,
        row_number() over proof as proof_rank,
        first_value(counted.author_pseudonym) over proof as proof_pseudonym
    from counted
    window proof as (
        partition by
            counted.rule, counted.month_on, counted.organization_name, counted.group_name, counted.author_id
        order by
            counted.proof_at, counted.authored_at, counted.commit_sha, counted.repository_id, counted.branch
    )
),

billed as (
    select
        proven.rule,
        proven.month_on,
        proven.organization_name,
        proven.group_name,
        people.author_email,
        people.author_name,
        proven.repository_id,
        proven.repository_nickname,
        proven.branch,
        proven.commit_sha,
        proven.fingerprint,
        proven.seen_at,
        proven.authored_at,
        proven.committed_at,
        proven.proof_rank = 1 as is_proof
    from proven
    left join people
        on proven.proof_pseudonym = people.author_pseudonym
)

select * from billed
