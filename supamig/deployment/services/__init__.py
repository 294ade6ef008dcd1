"""One module a service or two that belong together: a function from settings to a `Service`."""
