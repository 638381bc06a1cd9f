with

versions as (
    select
        versions.record_key,
        versions.load_id,
        versions.content_load_id,
        versions.is_deleted
    from {{ source('landing', 'git__observations') }} as versions
    where {{ is_as_of('versions') }}
),

records as (
    select
        record_key,
        load_id,
        record
    from {{ source('git', 'observations') }}
),

loads as (
    select
        load_id,
        extracted_until
    from {{ source('landing', 'loads') }}
),

staged as (
    select
        content.repository_id,
        content.branch,
        content.outcome,
        {{ without_people('content.reason') }} as reason,
        content.tip as tip_sha,
        loads.extracted_until as outcome_since,
        versions.is_deleted
    from versions
    inner join records
        on
            versions.record_key = records.record_key
            and versions.content_load_id = records.load_id
    inner join loads
        on versions.load_id = loads.load_id
    cross join jsonb_to_record(records.record) as content (
        repository_id text,
        branch text,
        outcome text,
        reason text,
        tip text
    )
)

select * from staged
