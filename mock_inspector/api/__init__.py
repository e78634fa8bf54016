"""The service's contract, without state: shapes, bounds, error codes, ARNs, filters and pages."""
