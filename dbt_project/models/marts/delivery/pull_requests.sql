with

-- by people other than the author, when each was first known
reviews as (
    select
        github_pull_request_id,
        github_review_id,
        min(submitted_at) as submitted_at,
        bool_or(state = 'APPROVED') as is_approval,
        min(known_from) as known_from
    from {{ ref('reviews') }}
    where submitted_at is not null and not is_own and not is_bot
    group by github_pull_request_id, github_review_id
),

versions as (
    select
        pull_requests.*,
        repositories.repository_name,
        repositories.default_branch
    from {{ ref('stg_github__pull_requests') }} as pull_requests
    left join {{ ref('int_repositories_named') }} as repositories
        on pull_requests.github_repository_id = repositories.github_repository_id
    where not pull_requests.is_deleted
),

-- as far as it was known while the version held
reviewed as (
    select
        versions.github_pull_request_id,
        versions.known_from,
        min(reviews.submitted_at) as first_review_at,
        min(reviews.submitted_at) filter (where reviews.is_approval) as approved_at
    from versions
    inner join reviews
        on
            versions.github_pull_request_id = reviews.github_pull_request_id
            and reviews.known_from < coalesce(versions.known_until, 'infinity')
            and reviews.submitted_at <= coalesce(versions.merged_at, versions.closed_at, 'infinity')
    group by versions.github_pull_request_id, versions.known_from
),

-- a change goes out with the first release after its merge into the branch that is released
released as (
    select
        versions.github_pull_request_id,
        versions.known_from,
        releases.github_release_id,
        releases.published_at
    from versions
    inner join {{ ref('int_releases_published') }} as releases
        on
            versions.github_repository_id = releases.github_repository_id
            and versions.merged_at <= releases.published_at
            and versions.merged_at > coalesce(releases.previous_at, '-infinity')
    where versions.base_branch = versions.default_branch
)

select
    versions.github_pull_request_id,
    versions.known_from,
    versions.repository_name,
    versions.pull_request_number,
    versions.title,
    versions.state,
    versions.is_draft,
    coalesce(versions.is_merged, false) as is_merged,
    coalesce(versions.base_branch = versions.default_branch, false) as is_to_default_branch,
    versions.author_pseudonym,
    coalesce(versions.is_bot, false) as is_bot,
    versions.insertions,
    versions.deletions,
    versions.file_count,
    versions.commit_count,
    versions.review_count,
    least(versions.first_commit_at, versions.created_at) as first_commit_at,
    versions.created_at,
    reviewed.first_review_at,
    reviewed.approved_at,
    versions.merged_at,
    versions.closed_at,
    extract(epoch from versions.created_at - least(versions.first_commit_at, versions.created_at))::bigint
        as coding_seconds,
    extract(epoch from reviewed.first_review_at - versions.created_at)::bigint as pickup_seconds,
    extract(epoch from versions.merged_at - reviewed.first_review_at)::bigint as review_seconds,
    extract(epoch from versions.merged_at - least(versions.first_commit_at, versions.created_at))::bigint
        as cycle_time_seconds,
    released.github_release_id,
    released.published_at as deployed_at,
    extract(epoch from released.published_at - least(versions.first_commit_at, versions.created_at))::bigint
        as lead_time_seconds,
    versions.known_until as known_to
from versions
left join reviewed
    on
        versions.github_pull_request_id = reviewed.github_pull_request_id
        and versions.known_from = reviewed.known_from
left join released
    on
        versions.github_pull_request_id = released.github_pull_request_id
        and versions.known_from = released.known_from
