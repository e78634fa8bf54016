"""Made by the move."""
