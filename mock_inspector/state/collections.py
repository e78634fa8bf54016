"""Collections in the order of creation, and pages of them that stay stable while they change."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Generic, Protocol, TypeVar


class Numbered(Protocol):
    """Something with a number that tells its place: later ones have higher numbers."""

    @property
    def number(self) -> int: ...


T = TypeVar("T", bound=Numbered)
_number: Callable[[Numbered], int] = lambda item: item.number  # noqa: E731  a key function, used three times


class NumberedList(Generic[T]):
    """Items in the order of their numbers; reading on from any number costs the same wherever it is."""

    def __init__(self, items: Iterable[T] = ()) -> None:
        self._items = list(items)

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[T]:
        return iter(self._items)

    def last(self) -> T | None:
        """The item with the highest number, or None."""
        return self._items[-1] if self._items else None

    def newest(self, most: int) -> list[T]:
        """The items with the highest numbers, the newest first, ``most`` of them at most."""
        return self._items[: -most - 1 : -1]

    def append(self, item: T) -> None:
        """Add an item whose number is the highest so far."""
        self._items.append(item)

    def after(self, number: int) -> Iterator[T]:
        """The items with a higher number, in order."""
        items = self._items
        if number < 0:
            return iter(items)
        return map(items.__getitem__, range(bisect_right(items, number, key=_number), len(items)))

    def remove(self, item: T) -> None:
        """Take one item out."""
        del self._items[self._index(item)]

    def replace(self, item: T) -> None:
        """Put ``item`` in the place of the one that has its number."""
        self._items[self._index(item)] = item

    def _index(self, item: T) -> int:
        return bisect_left(self._items, item.number, key=_number)

    def remove_all(self, gone: Iterable[T]) -> None:
        """Take many items out in one pass."""
        numbers = {item.number for item in gone}
        if numbers:
            self._items = [item for item in self._items if item.number not in numbers]


class NumberedMap(Generic[T]):
    """A :class:`Row` whose items are also found by a key (their ARN)."""

    def __init__(self, items: Mapping[str, T] = MappingProxyType({})) -> None:
        self._by_key = dict(items)
        self.row: NumberedList[T] = NumberedList(items.values())

    def __len__(self) -> int:
        return len(self._by_key)

    def __iter__(self) -> Iterator[T]:
        return iter(self.row)

    def __contains__(self, key: str) -> bool:
        return key in self._by_key

    def get(self, key: str) -> T | None:
        """The item of that key, or None."""
        return self._by_key.get(key)

    def add(self, key: str, item: T) -> None:
        """Add an item whose number is the highest so far."""
        self._by_key[key] = item
        self.row.append(item)

    def replace(self, key: str, item: T) -> None:
        """Put another item of the same number in the place of the one of that key."""
        self.row.replace(item)
        self._by_key[key] = item

    def remove(self, key: str) -> None:
        """Take the item of that key out."""
        self.row.remove(self._by_key.pop(key))
