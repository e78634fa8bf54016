"""AWS JSON 1.1: an HTTP request in, an HTTP response out."""
