"""How long `supamig scan` takes for 10,000 files, beside reading the same files and no more.

Run it by hand: `python tests/benchmarks/scan.py [FILES]`.  The limit is 20 seconds on two cores.  A
tenth of the files use Supabase, a tenth use it through a wrapper, the rest are as long and do not.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from supamig.scanning import Feature, scan

LIMIT = 20.0
_FILLING = {
    "py": "def step_{n}(values):\n    return [value * {n} for value in values if value]\n\n\n",
    "ts": "export function step{n}(values: number[]) {{\n"
    "  return values.filter(Boolean).map((value) => value * {n})\n}}\n\n",
}
_USES = {
    "py": 'from supabase import create_client\n\ndb = create_client("u", "k")\n'
    'rows = db.table("t{n}").select("*").eq("id", {n}).execute()\ndb.auth.get_user()\n',
    "ts": "import {{ createClient }} from '@supabase/supabase-js'\n"
    "const db = createClient('u', 'k')\n"
    "export const rows{n} = await db.from('t{n}').select('*').eq('id', {n})\n"
    "db.auth.getUser()\n",
}
_THROUGH = {
    "py": 'from core.store import store\n\nstore.table("w{n}").insert({{}}).execute()\n',
    "ts": "import {{ store }} from '@/core/store'\n"
    "export const w{n} = () => store.from('w{n}').insert({{}})\n",
}


def write(root, files):
    """Write an application of so many files, of about 60 lines each, and return its size."""
    core = root / "core"
    core.mkdir(parents=True)
    (core / "store.py").write_text('import supabase\n\nstore = supabase.create_client("u", "k")\n')
    (core / "store.ts").write_text(
        "import { createClient } from '@supabase/supabase-js'\n"
        "export const store = createClient('u', 'k')\n"
    )
    for number in range(files - 2):
        kind = "py" if number % 2 else "ts"
        folder = root / f"part{number // 200}"
        folder.mkdir(exist_ok=True)
        head = {0: _USES, 5: _THROUGH}.get(number // 2 % 10)
        text = (head[kind].format(n=number) if head else "") + "".join(
            _FILLING[kind].format(n=line) for line in range(15)
        )
        (folder / f"file{number}.{kind}").write_text(text)


def read(root):
    return sum(len(path.read_bytes()) for path in root.rglob("*") if path.is_file())


def main(files):
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        write(root, files)
        size = read(root)
        began = time.monotonic()
        read(root)
        plain = time.monotonic() - began
        began = time.monotonic()
        found = scan([root], jobs=2)
        seconds = time.monotonic() - began
    rows = len(found.of(Feature.REST))
    print(f"{found.files} files, {size / 1e6:.0f} MB, {found.parsed} parsed, {rows} uses of rows")
    print(f"scan {seconds:.1f} s, plain read {plain:.2f} s, ratio {seconds / plain:.0f}")
    return 0 if seconds <= LIMIT and rows == (files - 2) // 10 * 2 else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000))
