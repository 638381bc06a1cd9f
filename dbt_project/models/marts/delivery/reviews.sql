with

pull_requests as (
    select distinct on (github_repository_id, pull_request_number)
        github_repository_id,
        pull_request_number,
        github_pull_request_id,
        author_pseudonym,
        created_at
    from {{ ref('stg_github__pull_requests') }}
    order by github_repository_id asc, pull_request_number asc, known_from desc
)

select
    reviews.github_review_id,
    reviews.known_from,
    repositories.repository_name,
    reviews.pull_request_number,
    pull_requests.github_pull_request_id,
    reviews.state,
    reviews.author_pseudonym,
    coalesce(reviews.is_bot, false) as is_bot,
    coalesce(reviews.author_pseudonym = pull_requests.author_pseudonym, false) as is_own,
    reviews.comment_count,
    reviews.submitted_at,
    case
        when reviews.submitted_at >= pull_requests.created_at
            then
                extract(epoch from reviews.submitted_at - pull_requests.created_at)::bigint
    end as waited_seconds,
    reviews.known_until as known_to
from {{ ref('stg_github__reviews') }} as reviews
left join pull_requests
    on
        reviews.github_repository_id = pull_requests.github_repository_id
        and reviews.pull_request_number = pull_requests.pull_request_number
left join {{ ref('int_repositories_named') }} as repositories
    on reviews.github_repository_id = repositories.github_repository_id
where not reviews.is_deleted
