"""How index builds are cut into pieces that run side by side."""

from __future__ import annotations

from supamig.archive import Entry
from supamig.importers.constraints import _stages
from supamig.models import Inventory, ServerFacts

SERVER = ServerFacts(
    host="h",
    database="d",
    user="u",
    version="17.6",
    version_num=170006,
    system_id="1",
    database_oid=5,
    size=0,
    superuser=True,
)
BIG = 1 << 30


def inventory(**tables):
    """An inventory of tables by size, each with a key and two indexes."""
    listed, indexes, constraints = [], [], []
    for table, size in tables.items():
        of = {"schema": "public", "table": table}
        listed.append({**of, "bytes": size})
        constraints.append({**of, "constraint": f"{table}_key"})
        indexes += [
            {**of, "index": f"{table}_tree", "definition": "CREATE INDEX ... USING btree (a)"},
            {**of, "index": f"{table}_gin", "definition": "CREATE INDEX ... USING gin (b)"},
        ]
    catalogs = {"tables": listed, "indexes": indexes, "constraints": constraints}
    return Inventory(server=SERVER, catalogs=catalogs)


def entry(kind, rest):
    return Entry(f"1; 1 1 {kind} {rest}", kind, rest)


def builds(table):
    return [
        entry("CONSTRAINT", f"public {table} {table}_key postgres"),
        entry("INDEX", f"public {table}_tree postgres"),
        entry("INDEX", f"public {table}_gin postgres"),
    ]


def pieces(entries, source):
    return [
        (together, [[e.rest for e in p] for p in cut]) for together, cut in _stages(entries, source)
    ]


def test_indexes_of_large_tables_are_built_one_by_one_the_most_work_first():
    source = inventory(large=BIG, larger=2 * BIG)
    ((together, cut),) = pieces(builds("large") + builds("larger"), source)
    assert together
    assert cut == [
        ["public larger larger_key postgres"],
        ["public large large_key postgres"],
        ["public larger_gin postgres"],
        ["public large_gin postgres"],
        ["public larger_tree postgres"],
        ["public large_tree postgres"],
    ]


def test_two_pieces_never_lock_the_same_small_table():
    names = [f"small_{n}" for n in range(100)]
    source = inventory(large=BIG, **dict.fromkeys(names, 8192))
    entries = [e for name in [*names, "large"] for e in builds(name)]
    ((_, cut),) = pieces(entries, source)
    assert sorted(rest for piece in cut for rest in piece) == sorted(e.rest for e in entries)
    assert [len(piece) for piece in cut[:3]] == [1, 1, 1]
    owners = [
        {rest.split()[1].removesuffix("_gin").removesuffix("_tree") for rest in piece}
        for piece in cut[3:]
    ]
    assert sum(map(len, owners)) == len(names)


def test_what_is_no_index_keeps_its_order():
    entries = [
        *builds("a"),
        entry("TRIGGER", "public a touch postgres"),
        entry("POLICY", "public a p postgres"),
        *builds("a"),
    ]
    stages = pieces(entries, inventory(a=0))
    assert [together for together, _ in stages] == [True, False, True]
    assert stages[1][1] == [["public a touch postgres", "public a p postgres"]]
