from supamig import hookimpl


class Counters:
    kind, title, after = "acme-counters", "Usage counters set to zero", ("rows",)

    def apply(self, bundle, target, progress):
        with target.once(self.kind, "reset") as once:
            if once is not None:
                once.connection.execute("select pg_stat_reset()")
        return "set to zero"


@hookimpl
def supamig_importers():
    return [Counters()]
