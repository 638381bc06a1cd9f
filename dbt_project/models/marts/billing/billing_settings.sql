with

settings as (
    select
        name,
        rule,
        bots,
        array(
            select pattern.word
            from jsonb_array_elements_text(bot_names) with ordinality as pattern (word, position)
            order by pattern.position
        ) as bot_names,
        minimum_commits,
        time_zone,
        close_day
    from {{ ref('stg_portfolio__portfolio') }}
    where is_newest
)

select * from settings
