{#- The heads of a stream as of the build: the newest record of every key. For streams that never bury one. -#}
{% macro heads_of(source_name, stream_name) -%}
    select records.record
    from {{ source('landing', source_name ~ '__' ~ stream_name) }} as versions
    inner join {{ source(source_name, stream_name) }} as records
        on
            versions.record_key = records.record_key
            and versions.load_id = records.load_id
    where {{ is_as_of('versions') }}
{%- endmacro %}
