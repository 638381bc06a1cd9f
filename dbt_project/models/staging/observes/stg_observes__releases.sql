with

heads as (
    {{ heads_of('observes', 'releases') }}
),

staged as (
    select
        content.release as release_number,
        content.published_at,
        content.batches
    from heads
    cross join jsonb_to_record(heads.record) as content (
        release bigint,
        published_at timestamptz,
        batches jsonb
    )
)

select * from staged
