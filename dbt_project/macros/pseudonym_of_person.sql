{#- One pseudonym for a person as a commit names them. git keeps both on one line, so a line feed
    separates name and e-mail without ambiguity. -#}
{% macro pseudonym_of_person(name, email) -%}
    landing.pseudonym(({{ name }}) || chr(10) || ({{ email }}))
{%- endmacro %}
