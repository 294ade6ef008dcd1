"""Built-in importers: each applies one kind of thing of a bundle to the target."""
