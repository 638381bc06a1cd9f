with

-- the newest name of each, those that are gone too
named as (
    select distinct on (github_repository_id)
        github_repository_id,
        repository_name,
        default_branch,
        known_until is null and not is_deleted as is_present
    from {{ ref('stg_github__repositories') }}
    order by github_repository_id asc, known_from desc
)

select * from named
