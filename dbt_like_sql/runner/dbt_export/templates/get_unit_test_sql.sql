{# As dbt's own, but doubles are compared to nine significant digits: 1/3 equals 0.333333333. #}
{% macro duckdb__get_unit_test_sql(main_sql, expected_fixture_sql, expected_column_names) -%}
{%- set compared = [] -%}
{%- for column in expected_column_names -%}
    {%- set text = 'cast(' ~ column ~ ' as varchar)' -%}
    {%- do compared.append(
        "case when typeof(" ~ column ~ ") in ('DOUBLE', 'FLOAT') then printf('%.9g', try_cast(" ~ text ~ " as double)) else " ~ text ~ " end as " ~ column
    ) -%}
{%- endfor -%}
select {{ compared | join(', ') }}, 'actual' as {{ adapter.quote('actual_or_expected') }}
from (
    {{ main_sql }}
) as actual_rows
union all
select {{ compared | join(', ') }}, 'expected' as {{ adapter.quote('actual_or_expected') }}
from (
    {{ expected_fixture_sql }}
) as expected_rows
{%- endmacro %}
