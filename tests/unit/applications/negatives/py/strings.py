"""Nothing here is a call: supabase.table("docs").select("*")."""
from supabase import create_client

# supabase = create_client("https://abcdefghijklmnopqrst.supabase.co", "key")
# supabase.table("commented").select("*")
EXAMPLE = """
supabase.table("in_a_string").select("*")
"""


class Table:
    def table(self, name):
        return self

    def select(self, what):
        return self


class FakeClient:
    auth = Table()

    def table(self, name):
        return Table()


def shadow():
    supabase = FakeClient()
    supabase.table("fake").select("*")
    supabase.auth.select("x")


def rich_table(console):
    console.table("not_a_client").select("x")


def frame(df):
    return df.from_("x").select("y")


data = {"supabase": 1}
data.get("table")
