"""Built-in checks: one module a kind of thing, each a plugin like any other."""
