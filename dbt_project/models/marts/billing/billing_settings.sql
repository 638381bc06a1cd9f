with

settings as (
    select
        name,
        rule,
        bots,
        bot_names,
        minimum_commits,
        time_zone,
        close_day
    from {{ ref('stg_portfolio__portfolio') }}
    where is_newest
)

select * from settings
