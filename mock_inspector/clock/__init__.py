"""Time: the mock's clock, how it is frozen, and what moves it."""
