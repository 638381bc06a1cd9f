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
        (select build.as_of_at from {{ source('landing', 'build') }} as build) as as_of_at,
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
