{#- Zoho keeps no history of stages that may be read: it is in the versions. What happened between two
    readings shows its end only. -#}
with

versions as (
    select
        *,
        lag(stage) over by_deal as stage_before,
        lag(known_from) over by_deal as look_before
    from {{ ref('stg_zoho__deals') }}
    where not is_deleted
    window by_deal as (partition by zoho_deal_id order by known_from)
),

entries as (
    select
        zoho_deal_id,
        stage,
        deal_amount,
        currency,
        look_before is not null or modified_at = created_at as is_begin_known,
        case
            when look_before is null then modified_at
            else {{ changed_at('modified_at', 'look_before', 'known_from') }}
        end as entered_at,
        known_from
    from versions
    where look_before is null or stage is distinct from stage_before
),

intervals as (
    select
        *,
        row_number() over by_deal as interval_number,
        lead(entered_at) over by_deal as left_at,
        lead(stage) over by_deal as next_stage,
        lead(known_from) over by_deal as known_to
    from entries
    window by_deal as (partition by zoho_deal_id order by known_from)
)

select
    zoho_deal_id,
    interval_number,
    stage,
    {{ deal_outcome('stage') }} as outcome,
    next_stage,
    deal_amount,
    currency,
    entered_at,
    left_at,
    extract(epoch from date_trunc('second', left_at - entered_at))::bigint as duration_seconds,
    is_begin_known,
    known_to is null as is_last,
    known_from,
    known_to
from intervals
