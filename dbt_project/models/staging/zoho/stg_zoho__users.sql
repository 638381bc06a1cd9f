with

versions as (
    {{ versions_of('zoho', 'users') }}
),

staged as (
    select
        content.id as zoho_user_id,
        {{ person_id('content.email') }} as person_pseudonym,
        content.status,
        content.time_zone,
        versions.known_from,
        versions.known_until,
        versions.is_deleted
    from versions
    cross join jsonb_to_record(versions.record) as content (
        id text,
        email text,
        status text,
        time_zone text
    )
)

select * from staged
