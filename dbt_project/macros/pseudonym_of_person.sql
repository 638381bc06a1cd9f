{#- One pseudonym for a raw author as a commit names them, before any mailmap: what identities are joined by,
    and nothing else; a person is `person_id`. git keeps both on one line, so a line feed separates name and
    e-mail without ambiguity. -#}
{% macro pseudonym_of_person(name, email) -%}
    landing.pseudonym(({{ name }}) || chr(10) || ({{ email }}))
{%- endmacro %}
