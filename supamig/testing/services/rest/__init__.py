"""Stands in for PostgREST 14: tables and functions over HTTP, as the role that a token names."""
