with

commits as (
    select * from {{ ref('billed_commits') }}
),

-- a commit that sits on two branches, or in two repositories, is one fingerprint and counts once
group_counts as (
    select
        rule,
        month_on,
        organization_name,
        group_name,
        author_email,
        count(distinct fingerprint) as commit_count
    from commits
    group by rule, month_on, organization_name, group_name, author_email
),

organization_counts as (
    select
        rule,
        month_on,
        organization_name,
        author_email,
        count(distinct fingerprint) as organization_commit_count
    from commits
    group by rule, month_on, organization_name, author_email
),

authors as (
    select
        proof.rule,
        proof.month_on,
        proof.organization_name,
        proof.group_name,
        proof.author_email,
        proof.author_name,
        proof.repository_nickname,
        proof.commit_sha,
        proof.seen_at,
        proof.authored_at,
        proof.committed_at,
        group_counts.commit_count,
        organization_counts.organization_commit_count
    from commits as proof
    inner join group_counts
        on
            proof.rule = group_counts.rule
            and proof.month_on = group_counts.month_on
            and proof.organization_name = group_counts.organization_name
            and proof.group_name = group_counts.group_name
            and proof.author_email = group_counts.author_email
    inner join organization_counts
        on
            proof.rule = organization_counts.rule
            and proof.month_on = organization_counts.month_on
            and proof.organization_name = organization_counts.organization_name
            and proof.author_email = organization_counts.author_email
    where proof.is_proof
)

select * from authors
