with

heads as (
    {{ heads_of('timedoctor', 'observations') }}
),

records as (
    select record from heads
    where record ->> 'day' <> ''
),

staged as (
    select
        content.company_id as timedoctor_company_id,
        content.stream as stream_name,
        content.day as day_on,
        content.outcome,
        {{ instant('content.looked_at') }} as looked_at,
        {{ instant('content.read_at') }} as read_at
    from records
    cross join jsonb_to_record(records.record) as content (
        company_id text,
        stream text,
        day date,
        outcome text,
        looked_at text,
        read_at text
    )
)

select * from staged
