with

staged as (
    select
        ignore_sha256,
        sha as commit_sha,
        is_ignored
    from {{ source('landing', 'ignored_commits') }}
)

select * from staged
