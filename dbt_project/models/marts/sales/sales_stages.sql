with

deals as (
    select * from {{ ref('deals') }}
    where not is_gone
),

-- a deal that came twice counts once, from the first time on
passed as (
    select
        coalesce(stages.stage, '') as stage,
        stages.zoho_deal_id,
        min(stages.entered_at) as entered_at,
        case
            when bool_and(stages.duration_seconds is not null) then sum(stages.duration_seconds)
        end as duration_seconds,
        bool_and(stages.is_begin_known) as is_begin_known
    from {{ ref('deal_stages') }} as stages
    where stages.outcome = 'open'
    group by coalesce(stages.stage, ''), stages.zoho_deal_id
),

measured as (
    select
        passed.stage,
        deals.outcome,
        case when passed.is_begin_known then passed.duration_seconds end as duration_seconds,
        case
            when passed.is_begin_known and deals.outcome = 'won'
                then extract(epoch from date_trunc('second', deals.closed_at - passed.entered_at))
        end as to_won_seconds
    from passed
    inner join deals on passed.zoho_deal_id = deals.zoho_deal_id
)

select
    stage,
    count(*) as deal_count,
    count(*) filter (where outcome = 'open') as open_count,
    count(*) filter (where outcome = 'won') as won_count,
    count(*) filter (where outcome = 'lost') as lost_count,
    round(
        count(*) filter (where outcome = 'won')::numeric
        / nullif(count(*) filter (where outcome <> 'open'), 0), 4
    ) as won_share,
    avg(duration_seconds)::bigint as mean_duration_seconds,
    avg(to_won_seconds)::bigint as mean_to_won_seconds
from measured
group by stage
