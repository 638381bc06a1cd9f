{#- One pseudonym for a TimeDoctor user of whom no e-mail is known, as in older backups. -#}
{% macro pseudonym_of_timedoctor_user(user_id) -%}
    landing.pseudonym('timedoctor user' || chr(10) || ({{ user_id }}))
{%- endmacro %}
