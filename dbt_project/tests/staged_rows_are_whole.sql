-- int_commits_observed stands for stg_git__commits, which it copies row by row, since counting the view
-- would read all of raw a second time
with

counts as (
    select
        'git/commits' as stream_name,
        (
            select count(*)
            from {{ source('landing', 'git__commits') }} as versions
            where {{ is_as_of('versions') }}
        ) as version_count,
        (select count(*) from {{ ref('int_commits_observed') }}) as staged_count
    union all
    select
        'git/observations' as stream_name,
        (
            select count(*)
            from {{ source('landing', 'git__observations') }} as versions
            where {{ is_as_of('versions') }}
        ) as version_count,
        (select count(*) from {{ ref('stg_git__observations') }}) as staged_count
    union all
    select
        'portfolio/portfolio' as stream_name,
        (
            select count(*)
            from {{ source('landing', 'portfolio__portfolio') }} as versions
            where
                versions.load_id <= (select build.as_of from {{ source('landing', 'build') }} as build)
                and not versions.is_deleted
        ) as version_count,
        (select count(*) from {{ ref('stg_portfolio__portfolio') }}) as staged_count
)

select * from counts
where version_count <> staged_count
