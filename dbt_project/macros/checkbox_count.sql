{#- Checkboxes of a Markdown text: all of them, or those under a heading of level 1 to 3 (deeper headings are
    part of it). Nested ones count, and `[X]` is as ticked as `[x]`. Most texts have none: a glance at them costs
    a twentieth of taking them apart. -#}
{% macro checkbox_count(text, heading='', is_done=false) -%}
    case when {{ text }} ~* '{{ heading or "\\[[ x]\\]" }}' then (
        select coalesce(sum(regexp_count(
            parts.part, '^[ \t]*([-*+]|[0-9]+[.)])[ \t]+\[{{ "[xX]" if is_done else "[ xX]" }}\]', 1, 'n'
        )), 0)::bigint
        from regexp_split_to_table(
            replace(coalesce({{ text }}, ''), chr(13), ''), '\n(?=#{1,3}[ \t])'
        ) as parts (part)
        {%- if heading %}
        where parts.part ~* '^#{1,3}[ \t]+{{ heading }}'
        {%- endif %}
    ) else 0 end
{%- endmacro %}
