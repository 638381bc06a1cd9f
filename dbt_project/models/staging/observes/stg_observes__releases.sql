with

versions as (
    select
        versions.record_key,
        versions.load_id
    from {{ source('landing', 'observes__releases') }} as versions
    where {{ is_as_of('versions') }}
),

records as (
    select
        record_key,
        load_id,
        record
    from {{ source('observes', 'releases') }}
),

staged as (
    select
        content.release as release_number,
        content.published_at,
        content.batches
    from versions
    inner join records
        on
            versions.record_key = records.record_key
            and versions.load_id = records.load_id
    cross join jsonb_to_record(records.record) as content (
        release bigint,
        published_at timestamptz,
        batches jsonb
    )
)

select * from staged
