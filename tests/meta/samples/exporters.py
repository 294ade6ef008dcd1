import json

from supamig import hookimpl


class StorageObjects:
    kind, title, after, replaces = "acme-objects", "List of storage objects", ("inventory",), ""

    def estimate(self, inventory):
        return 0

    def export(self, source, bundle, progress):
        with source.session() as connection:
            names = connection.execute("select bucket_id, name from storage.objects").fetchall()
        bundle.write("objects.json", json.dumps(names).encode(), kind=self.kind, producer="acme")
        return f"{len(names)} objects"


@hookimpl
def supamig_exporters():
    return [StorageObjects()]
