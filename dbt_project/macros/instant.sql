{#- An ISO 8601 text that ends in Z or ±HH:MM, as timestamptz. Postgres refuses displacements of 16 hours
    and more, git does not (-75:30 is found in real histories), so the offset is subtracted by hand. -#}
{% macro instant(text) -%}
    case
        when right({{ text }}, 1) = 'Z' then {{ text }}::timestamptz
        else (left({{ text }}, -6)::timestamp - right({{ text }}, 6)::interval) at time zone 'UTC'
    end
{%- endmacro %}
