with

commits as (
    select
        rule,
        month_on,
        organization_name,
        group_name,
        author_email,
        count(*) filter (where is_proof) as proof_count,
        count(distinct author_name) as name_count,
        min(commit_sha) filter (where is_proof) as proof_sha
    from {{ ref('billed_commits') }}
    group by rule, month_on, organization_name, group_name, author_email
)

select
    commits.rule,
    commits.month_on,
    commits.group_name
from commits
full join {{ ref('billable_authors') }} as authors
    on
        commits.rule = authors.rule
        and commits.month_on = authors.month_on
        and commits.organization_name = authors.organization_name
        and commits.group_name = authors.group_name
        and commits.author_email = authors.author_email
where
    (
        commits.proof_count = 1
        and commits.name_count = 1
        and commits.proof_sha = authors.commit_sha
    ) is not true
