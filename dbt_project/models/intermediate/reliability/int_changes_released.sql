{#- How long a change at the vendor may have waited until a release showed it: from the good look before it,
    which did not find it, to the first release that has its batch. The longest wait that is possible, so no
    change has waited longer. What was there at the first look has no such begin. -#}
with

looks as (
    select
        *,
        max(extracted_from) filter (where failed_scope_count = 0) over (
            partition by source_name, stream_name
            order by extracted_from asc, extraction_id asc
            rows between unbounded preceding and 1 preceding
        ) as waits_from
    from {{ ref('stg_observes__extractions') }}
),

shown as (
    select
        releases.published_at,
        split_part(batches.stream, '/', 1) as source_name,
        split_part(batches.stream, '/', 2) as stream_name,
        batches.number::bigint as last_batch_number
    from {{ ref('stg_observes__releases') }} as releases
    cross join lateral jsonb_each_text(releases.batches) as batches (stream, number)
),

-- from the greatest batch down: the earliest release that has this batch or a later one
ordered as (
    select
        source_name,
        stream_name,
        last_batch_number as batch_number,
        published_at,
        null::text as extraction_id
    from shown
    union all
    select
        source_name,
        stream_name,
        changed_batch_number as batch_number,
        null::timestamptz as published_at,
        extraction_id
    from looks
    where changed_batch_number is not null
),

earliest as (
    select
        extraction_id,
        min(published_at) over (
            partition by source_name, stream_name
            order by batch_number desc
        ) as shown_at
    from ordered
),

changes as (
    select
        looks.extraction_id,
        looks.source_name,
        looks.stream_name,
        looks.changed_batch_number,
        looks.waits_from,
        looks.extracted_until as found_at,
        earliest.shown_at
    from looks
    inner join earliest
        on looks.extraction_id = earliest.extraction_id
    where looks.waits_from is not null
)

select * from changes
