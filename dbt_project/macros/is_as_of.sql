{#- Whether a row of a stream's versions table is what the stream was as of the build's load id. The
    load id is a scalar subquery, so Postgres reads it once and the join below stays a hash join. -#}
{% macro is_as_of(versions) -%}
    {{ versions }}.load_id <= (select build.as_of from {{ source('landing', 'build') }} as build)
    and (
        {{ versions }}.superseded_by is null
        or {{ versions }}.superseded_by > (select build.as_of from {{ source('landing', 'build') }} as build)
    )
{%- endmacro %}
