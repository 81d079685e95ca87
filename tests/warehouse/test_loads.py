"""What is asked of a warehouse that has names in upper case, as Snowflake."""

from types import SimpleNamespace

from tenure_sinks.warehouse.loads import LOADS, SqlLoads


class Shouting:
    """A warehouse with one table, that keeps what it is asked."""

    dataset_name = "TENURE"
    config = SimpleNamespace(destination_type="snowflake")

    def __init__(self):
        self.asked = []
        self.sql_client = self

    def get_storage_tables(self, tables):
        there = {LOADS, "points"}
        return [(each, {"POINT_ID": {}} if each in there else {}) for each in tables]

    def is_storage_initialized(self):
        return True

    def make_qualified_table_name(self, table):
        return f'"TENURE"."{table.upper()}"'

    def escape_column_name(self, name):
        return f'"{name.upper()}"'

    def execute_sql(self, query):
        self.asked.append(query)
        return [("10.0.0",)] if "version" in query else [("points", 1)] if "count" in query else []


def test_columns_in_upper_case_are_those_of_the_figures():
    assert SqlLoads(Shouting()).held(["points"])["points"].columns.keys() == {"point_id"}


def test_rows_is_a_reserved_word_and_is_quoted():
    warehouse = Shouting()
    SqlLoads(warehouse).held(["points"])
    assert warehouse.asked[0].startswith('SELECT "TABLE_NAME", "PART", "ROWS", "DIGEST" FROM ')


def test_snowflake_is_asked_for_its_version_in_its_own_words():
    warehouse = Shouting()
    said = list(SqlLoads(warehouse).check("snowflake://acc/lake"))
    assert warehouse.asked == ["SELECT current_version()"]
    assert said[0] == "can connect to snowflake://acc/lake: 10.0.0"
