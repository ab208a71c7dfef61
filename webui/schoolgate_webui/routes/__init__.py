"""Handlers, a file for each kind of page: they parse, call and answer."""
