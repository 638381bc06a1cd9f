with

-- every version up to the build's load id, not only the one that holds then: a commit's owner and a
-- month's price are those of their own time
versions as (
    select
        versions.record_key,
        versions.load_id,
        versions.content_load_id,
        versions.is_deleted
    from {{ source('landing', 'portfolio__portfolio') }} as versions
    where versions.load_id <= (select build.as_of from {{ source('landing', 'build') }} as build)
),

records as (
    select
        record_key,
        load_id,
        record
    from {{ source('portfolio', 'portfolio') }}
),

loads as (
    select
        load_id,
        extracted_until
    from {{ source('landing', 'loads') }}
),

-- Load ids order the versions of a stream but do not survive a rebuild: the number does. A clock that
-- went backwards must not reorder versions, hence the running maximum.
numbered as (
    select
        versions.*,
        row_number() over (order by versions.load_id)::integer as version_number,
        max(loads.extracted_until) over (order by versions.load_id) as valid_from,
        max(versions.load_id) filter (where not versions.is_deleted) over () as newest_load_id
    from versions
    inner join loads
        on versions.load_id = loads.load_id
),

dated as (
    select
        *,
        lead(valid_from) over (order by version_number) as valid_until
    from numbered
),

documents as (
    select
        dated.version_number,
        dated.valid_from,
        dated.valid_until,
        dated.load_id = dated.newest_load_id as is_newest,
        content.*
    from dated
    inner join records
        on
            dated.record_key = records.record_key
            and dated.content_load_id = records.load_id
            and not dated.is_deleted
    cross join jsonb_to_record(records.record) as content (
        name text,
        billing jsonb,
        prices jsonb,
        groups jsonb,
        repositories jsonb,
        known_repositories jsonb,
        mailmap_sha256 text
    )
),

staged as (
    select
        documents.name,
        documents.version_number,
        documents.valid_from,
        documents.valid_until,
        documents.is_newest,
        settings.rule,
        settings.bots,
        coalesce(settings.bot_names, '[]') as bot_names,
        settings.minimum_commits,
        settings.time_zone,
        settings.close_day,
        documents.prices,
        documents.groups,
        documents.repositories,
        documents.known_repositories,
        documents.mailmap_sha256
    from documents
    cross join jsonb_to_record(documents.billing) as settings (
        rule text,
        bots text,
        bot_names jsonb,
        minimum_commits integer,
        time_zone text,
        close_day integer
    )
)

select * from staged
