"""The page at the server's root, and the data it is rendered from."""
