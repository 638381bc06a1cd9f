with

-- a draft is not out yet, and a prerelease is not for everybody
published as (
    select
        github_repository_id,
        github_release_id,
        tag,
        published_at,
        known_from,
        lag(published_at) over by_release as previous_at,
        lead(published_at) over by_release as next_at
    from {{ ref('stg_github__releases') }}
    where
        known_until is null
        and not is_deleted
        and not coalesce(is_draft, false)
        and not coalesce(is_prerelease, false)
        and published_at is not null
    window by_release as (partition by github_repository_id order by published_at, github_release_id)
)

select
    published.github_release_id,
    published.github_repository_id,
    repositories.repository_name,
    published.tag,
    published.published_at,
    published.previous_at,
    published.next_at,
    published.known_from
from published
left join {{ ref('int_repositories_named') }} as repositories
    on published.github_repository_id = repositories.github_repository_id
