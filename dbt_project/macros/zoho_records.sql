{#- The newest version of each record of a module of Zoho, with `is_gone`: a sweep found it no more, or the list
    of deletions has it, and it has not changed since (a restored one has). -#}
{% macro zoho_records(module, id_column) -%}
    select
        records.*,
        records.is_deleted or exists (
            select 1
            from {{ ref('stg_zoho__deletions') }} as deletions
            where
                deletions.module_name = '{{ module }}'
                and deletions.zoho_record_id = records.{{ id_column }}
                and deletions.deleted_at >= records.modified_at
                and deletions.known_until is null
                and not deletions.is_deleted
        ) as is_gone
    from {{ ref('stg_zoho__' ~ module | lower) }} as records
    where records.known_until is null
{%- endmacro %}
