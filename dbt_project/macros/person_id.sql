{#- The pseudonym of a person by an e-mail address or login: the same in every source, however it is spelled
    (no white space around it, A to Z in lower case), and the same still when the person was erased. -#}
{% macro person_id(identifier) -%}
    landing.person_id({{ identifier }})
{%- endmacro %}
