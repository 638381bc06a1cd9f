with

counted as (
    select
        source_name,
        stream_name,
        sum(attempt_count) as attempt_count,
        sum(failed_scope_count) as failed_scope_count
    from {{ ref('reliability') }}
    group by source_name, stream_name
),

horizon as (
    select date_trunc('day', max(loads.extracted_until), 'UTC') as ends_at
    from {{ ref('stg_landing__loads') }} as loads
),

staged as (
    select
        attempts.source_name,
        attempts.stream_name,
        count(*) as attempt_count,
        sum(attempts.failed_scope_count) as failed_scope_count
    from {{ ref('stg_observes__extractions') }} as attempts
    cross join horizon
    where attempts.extracted_until < horizon.ends_at
    group by attempts.source_name, attempts.stream_name
)

select
    counted.attempt_count as found_count,
    staged.attempt_count as expected_count,
    coalesce(counted.source_name, staged.source_name) as source_name,
    coalesce(counted.stream_name, staged.stream_name) as stream_name
from counted
full outer join staged
    on
        counted.source_name = staged.source_name
        and counted.stream_name = staged.stream_name
where
    counted.attempt_count is distinct from staged.attempt_count
    or counted.failed_scope_count is distinct from staged.failed_scope_count
