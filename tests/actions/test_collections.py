"""Lists in the order of creation, whatever was removed from them."""

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from mock_inspector.state.collections import NumberedList


@dataclass(frozen=True)
class Item:
    number: int
    text: str = ""


@given(st.lists(st.integers(0, 1_000).filter(bool) | st.lists(st.integers(0, 40), min_size=1, max_size=5), max_size=80))
def test_a_list_is_what_was_added_and_not_removed(steps):
    """A number adds an item that many numbers later; a list of numbers removes the items at these indexes."""
    items: NumberedList[Item] = NumberedList()
    kept: list[Item] = []
    number = 0
    for step in steps:
        if isinstance(step, int):
            number += step
            items.append(Item(number))
            kept.append(Item(number))
        else:
            gone = [kept[index] for index in sorted(set(step)) if index < len(kept)]
            items.remove_all(gone)
            kept = [item for item in kept if item not in gone]
        assert list(items) == kept
        assert len(items) == len(kept)
        assert items.last() == (kept[-1] if kept else None)
        assert items.newest(3) == kept[::-1][:3]
        for start in (-1, 0, number // 2, number):
            assert list(items.after(start)) == [item for item in kept if item.number > start]
    if kept:
        items.replace(Item(kept[0].number, "replaced"))
        assert next(iter(items)) == Item(kept[0].number, "replaced")
