"""The states of a run and their offsets from its start in seconds, as in the API reference's sample."""

from hypothesis import strategies as st

DURATION_SECONDS = 180

STARTING = [
    ("CREATED", 0.0),
    ("START_DATA_COLLECTION_PENDING", 0.030),
    ("START_DATA_COLLECTION_IN_PROGRESS", 0.061),
]
UNTIL_STOP = [*STARTING, ("COLLECTING_DATA", 0.126)]
AFTER_STOP = [
    ("STOP_DATA_COLLECTION_PENDING", 0.0),
    ("DATA_COLLECTED", 59.964),
    ("EVALUATING_RULES", 60.216),
    ("COMPLETED", 61.517),
]
STOP_SECONDS = 0.126 + DURATION_SECONDS
TIMELINE = [*UNTIL_STOP, *((state, round(STOP_SECONDS + offset, 3)) for state, offset in AFTER_STOP)]
END_SECONDS = TIMELINE[-1][1]
FINDINGS_SECONDS = round(END_SECONDS - 0.030, 3)
"""When the findings are made, as in the samples: 30 ms before the end."""

OFFSETS_MS = st.integers(0, 250_000) | st.builds(
    lambda offset, off: max(0, round(offset * 1000) + off),
    st.sampled_from([offset for _, offset in TIMELINE]),
    st.integers(-31, 2),
)
"""Milliseconds after the start, many of them around the changes."""
