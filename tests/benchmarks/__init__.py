"""The design's budgets, measured: ``python -m tests.benchmarks`` in the project's directory.

They run on their own, never as tests: what is slow depends on the machine. Each figure that can be is a ratio of two
things measured in turns.
"""
