with

versions as (
    select
        version_number,
        valid_from,
        is_newest,
        repositories
    from {{ ref('stg_portfolio__portfolio') }}
),

owned as (
    select
        versions.version_number,
        versions.valid_from,
        versions.is_newest,
        entry.organization as organization_name,
        entry."group" as group_name,
        entry.nickname as repository_nickname,
        entry.repository_id,
        entry.branch,
        entry.ignore_sha256
    from versions
    cross join jsonb_to_recordset(versions.repositories) as entry (
        organization text,
        "group" text,
        nickname text,
        repository_id text,
        branch text,
        ignore_sha256 text
    )
)

select * from owned
