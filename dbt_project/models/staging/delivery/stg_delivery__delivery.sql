with

versions as (
    {{ versions_of('delivery', 'delivery') }}
),

staged as (
    select
        content.name,
        content.time_zone,
        content.done -> 'closed_as' as closed_as_reasons,
        content.done -> 'statuses' as done_statuses,
        content.started as started_statuses,
        content.types -> 'deliverable' as deliverable_types,
        content.types -> 'epic' as epic_types,
        content.incidents -> 'labels' as incident_labels,
        content.incidents -> 'types' as incident_types,
        content.boards,
        -- What is counted is no newer than the last look at GitHub, whatever came from elsewhere since.
        (
            select least(build.as_of_at, max(loads.extracted_until))
            from {{ source('landing', 'build') }} as build
            left join {{ source('landing', 'loads') }} as loads
                on build.as_of >= loads.load_id and loads.source = 'github'
            group by build.as_of_at
        ) as as_of_at,
        versions.known_from,
        versions.known_until,
        versions.is_deleted
    from versions
    cross join jsonb_to_record(versions.record) as content (
        name text,
        time_zone text,
        done jsonb,
        started jsonb,
        types jsonb,
        incidents jsonb,
        boards jsonb
    )
)

select * from staged
