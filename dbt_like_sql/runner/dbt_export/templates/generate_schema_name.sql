{# Models lie in the schema of their folder; dbt alone would put them into main_staging, main_marts, … #}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ custom_schema_name | trim if custom_schema_name else target.schema }}
{%- endmacro %}
