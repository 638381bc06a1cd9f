{#- The number of a GitHub account, by the address that GitHub gives who hides theirs; null for any other. -#}
{% macro account_of_email(email) -%}
    substring(lower({{ email }}) from '^\s*([0-9]+)\+[^@\s]+@users\.noreply\.github\.com\s*$')
{%- endmacro %}
