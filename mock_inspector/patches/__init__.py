"""Thin adapters, one for each client library, that lead its requests to the door."""
