{#- Every version of a stream up to the build's load: what was known, from when until when. A tombstone has
    the last content. The times are the vendor's clock at the end of each extraction. -#}
{% macro versions_of(source_name, stream_name) -%}
    select
        versions.is_deleted,
        records.record,
        loads.extracted_until as known_from,
        next_loads.extracted_until as known_until
    from {{ source('landing', source_name ~ '__' ~ stream_name) }} as versions
    inner join {{ source(source_name, stream_name) }} as records
        on
            versions.record_key = records.record_key
            and versions.content_load_id = records.load_id
    inner join {{ source('landing', 'loads') }} as loads
        on versions.load_id = loads.load_id
    left join {{ source('landing', 'loads') }} as next_loads
        on
            versions.superseded_by = next_loads.load_id
            and next_loads.load_id <= (select build.as_of from {{ source('landing', 'build') }} as build)
    where versions.load_id <= (select build.as_of from {{ source('landing', 'build') }} as build)
{%- endmacro %}
