{#- A card's value of one of the board's fields (status, sprint, points, quad, pillar), under the first of the names
    that the field has had for which there is one. -#}
{% macro value_of_field(kind) -%}
    (
        select items.field_values -> name.value
        from
            jsonb_array_elements_text(boards.field_names -> '{{ kind }}')
            with ordinality as name (value, position)
        where items.field_values ? name.value
        order by name.position
        limit 1
    )
{%- endmacro %}
