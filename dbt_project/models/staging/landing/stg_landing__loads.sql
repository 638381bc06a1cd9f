with

staged as (
    select
        loads.source as source_name,
        loads.stream as stream_name,
        loads.batch as batch_number,
        loads.scope,
        loads.kind,
        loads.is_first,
        loads.extracted_from,
        loads.extracted_until
    from {{ source('landing', 'loads') }} as loads
    where loads.load_id <= (select build.as_of from {{ source('landing', 'build') }} as build)
)

select * from staged
