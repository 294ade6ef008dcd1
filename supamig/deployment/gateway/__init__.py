"""The gateway: one table of routes, written for Envoy and for Kong."""
