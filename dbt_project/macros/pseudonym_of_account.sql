{#- One pseudonym for a GitHub account, by its number: that stays when the login changes. Null stays null. -#}
{% macro pseudonym_of_account(number) -%}
    landing.pseudonym('github account' || chr(10) || ({{ number }}))
{%- endmacro %}
