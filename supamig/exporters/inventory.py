"""The source's catalogs as ``inventory.json``: what every comparison and repair goes by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from supamig import inventory
from supamig.hookspecs import hookimpl

if TYPE_CHECKING:
    from supamig.bundle import Bundle
    from supamig.config import Settings
    from supamig.models import Inventory
    from supamig.postgres import Source
    from supamig.protocols import Progress


class InventoryExporter:
    """Reads every catalog of the source."""

    kind = "inventory"
    title = "Inventory of the source"
    after: tuple[str, ...] = ()
    replaces = ""

    def estimate(self, inventory: Inventory) -> int:
        """Return 0: catalogs are small."""
        del inventory
        return 0

    def export(self, source: Source, bundle: Bundle, progress: Progress) -> str:
        """Write ``inventory.json``."""
        del progress
        bundle.write_inventory(inventory.take_source(source))
        tables = bundle.inventory.catalogs["tables"]
        return f"{len(tables)} relations in {len(bundle.inventory.catalogs)} catalogs"


@hookimpl
def supamig_exporters(settings: Settings) -> list[InventoryExporter]:
    """Hand over the exporter of the inventory."""
    del settings
    return [InventoryExporter()]
