select
    commits.repository_id,
    commits.branch,
    commits.commit_sha
from {{ ref('int_commits_observed') }} as commits
left join {{ ref('int_commits_owned') }} as owned
    on
        commits.commit_sha = owned.commit_sha
        and commits.repository_id = owned.repository_id
        and commits.branch = owned.branch
where owned.organization_name is distinct from commits.organization_name
