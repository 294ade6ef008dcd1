"""Built-in exporters: each writes one kind of thing of the source into a bundle."""
