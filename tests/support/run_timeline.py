"""The story of a run as the reference's sample tells it: its states and their offsets from the start, in seconds."""

from hypothesis import strategies as st

DURATION = 180

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
STOP = 0.126 + DURATION
STORY = [*UNTIL_STOP, *((state, round(STOP + offset, 3)) for state, offset in AFTER_STOP)]
END = STORY[-1][1]
FINDINGS = round(END - 0.030, 3)
"""When the findings are made, as in the samples: 30 ms before the end."""

MOMENTS = st.integers(0, 250_000) | st.builds(
    lambda offset, off: max(0, round(offset * 1000) + off),
    st.sampled_from([offset for _, offset in STORY]),
    st.integers(-31, 2),
)
"""Milliseconds after the start, many of them around the changes."""
