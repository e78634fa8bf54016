"""What an account has in a region, and the rules it follows: no HTTP, no JSON, no client library."""
