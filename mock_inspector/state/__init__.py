"""What accounts have in their regions, and how it changes: no HTTP, no JSON, no client library."""
