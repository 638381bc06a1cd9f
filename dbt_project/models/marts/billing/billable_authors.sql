with

-- A commit on two branches, or in two repositories, is one fingerprint and counts once: in its group by
-- count(distinct), in its organization by the first of its rows. No joins: the planner has no idea how
-- many authors there are, and a nested loop over 140,000 commits took 49 s.
commits as (
    select
        *,
        row_number() over (
            partition by rule, month_on, organization_name, author_email, fingerprint
            order by group_name, repository_id, branch, commit_sha
        ) as fingerprint_rank
    from {{ ref('billed_commits') }}
),

-- of each group's commits exactly one is the proof, so min() picks it and compares nothing
groups as (
    select
        rule,
        month_on,
        organization_name,
        group_name,
        author_email,
        min(author_name) filter (where is_proof) as author_name,
        min(repository_nickname) filter (where is_proof) as repository_nickname,
        min(commit_sha) filter (where is_proof) as commit_sha,
        min(seen_at) filter (where is_proof) as seen_at,
        min(authored_at) filter (where is_proof) as authored_at,
        min(committed_at) filter (where is_proof) as committed_at,
        count(distinct fingerprint) as commit_count,
        count(*) filter (where fingerprint_rank = 1) as first_count
    from commits
    group by rule, month_on, organization_name, group_name, author_email
),

authors as (
    select
        rule,
        month_on,
        organization_name,
        group_name,
        author_email,
        author_name,
        repository_nickname,
        commit_sha,
        seen_at,
        authored_at,
        committed_at,
        commit_count,
        sum(first_count) over (
            partition by rule, month_on, organization_name, author_email
        )::bigint as organization_commit_count
    from groups
)

select * from authors
