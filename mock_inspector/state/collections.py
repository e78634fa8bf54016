"""Collections in the order of creation. Pages of them stay stable while items come and go."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from itertools import islice
from operator import attrgetter
from types import MappingProxyType
from typing import Generic, Protocol, TypeVar

from ..api.pagination import Numbered

_number = attrgetter("number")


class Child(Numbered, Protocol):
    """A numbered item that knows the ARN of its parent."""

    @property
    def parent_arn(self) -> str: ...


class NamedChild(Child, Protocol):
    """A child whose name is unique among those of its parent."""

    @property
    def name(self) -> str: ...


T = TypeVar("T", bound=Numbered)
C = TypeVar("C", bound=Child)
N = TypeVar("N", bound=NamedChild)


_NONE: frozenset[int] = frozenset()
_MAX_REMOVED_SHARE = 8
"""A list drops its removed items when they are more than one in so many."""


class NumberedList(Generic[T]):
    """Items in the order of their numbers. Reading on after any number costs the same.

    A removed item stays in the list, marked, until there are so many that dropping them all costs little for each.
    """

    def __init__(self, items: Iterable[T] = ()) -> None:
        self._items = list(items)
        self._removed: AbstractSet[int] = _NONE
        """The numbers of the items that are marked. The last item never is."""

    def __len__(self) -> int:
        return len(self._items) - len(self._removed)

    def __iter__(self) -> Iterator[T]:
        return self.after(-1)

    def last(self) -> T | None:
        """The item with the highest number, or None."""
        return self._items[-1] if self._items else None

    def newest(self, maximum: int) -> list[T]:
        """At most ``maximum`` items, the newest first."""
        return list(islice(self._present(reversed(self._items)), maximum))

    def after(self, number: int) -> Iterator[T]:
        """The items with a higher number, in order."""
        items = self._items
        if number < 0:
            following = iter(items)
        else:
            following = map(items.__getitem__, range(bisect_right(items, number, key=_number), len(items)))
        return self._present(following) if self._removed else following

    def _present(self, items: Iterator[T]) -> Iterator[T]:
        removed = self._removed
        return (item for item in items if item.number not in removed)

    def append(self, item: T) -> None:
        """Add an item whose number is the highest so far."""
        self._items.append(item)

    def replace(self, item: T) -> None:
        """Put ``item`` in place of the one with its number."""
        self._items[bisect_left(self._items, item.number, key=_number)] = item

    def remove_all(self, items: Iterable[T]) -> None:
        """Remove items of this list."""
        removed = self._removed if isinstance(self._removed, set) else set()
        removed.update(item.number for item in items)
        kept = self._items
        while kept and kept[-1].number in removed:
            removed.remove(kept.pop().number)
        if len(removed) * _MAX_REMOVED_SHARE > len(kept):
            kept[:] = [item for item in kept if item.number not in removed]
            removed.clear()
        self._removed = removed or _NONE


class NumberedMap(Generic[T]):
    """Items in the order of their numbers, also found by a key: their ARN, an id."""

    def __init__(self, items: Mapping[str, T] = MappingProxyType({})) -> None:
        self._by_key = dict(items)
        self._list: NumberedList[T] = NumberedList(items.values())

    def __len__(self) -> int:
        return len(self._by_key)

    def __iter__(self) -> Iterator[T]:
        return iter(self._list)

    def __contains__(self, key: str) -> bool:
        return key in self._by_key

    def get(self, key: str) -> T | None:
        """The item of that key, or None."""
        return self._by_key.get(key)

    def last(self) -> T | None:
        """The item with the highest number, or None."""
        return self._list.last()

    def newest(self, maximum: int) -> list[T]:
        """At most ``maximum`` items, the newest first."""
        return self._list.newest(maximum)

    def after(self, number: int) -> Iterator[T]:
        """The items with a higher number, in order."""
        return self._list.after(number)

    def add(self, key: str, item: T) -> None:
        """Add an item whose number is the highest so far."""
        self._by_key[key] = item
        self._list.append(item)

    def replace(self, key: str, item: T) -> None:
        """Put another item with the same number in place of the one of that key."""
        self._list.replace(item)
        self._by_key[key] = item

    def remove_all(self, keys: Iterable[str]) -> list[T]:
        """Remove the items of these keys, and return them."""
        items = [self._by_key.pop(key) for key in keys]
        self._list.remove_all(items)
        return items

    def remove(self, key: str) -> None:
        """Remove the item of that key."""
        self.remove_all([key])


class ChildMap(NumberedMap[C]):
    """A map that also lists the children of each parent."""

    def __init__(self) -> None:
        super().__init__()
        self._by_parent: dict[str, NumberedList[C]] = {}

    def of(self, parent_arn: str) -> NumberedList[C]:
        """The children of a parent, in the order of their numbers."""
        return self._by_parent.get(parent_arn) or NumberedList()

    def add(self, key: str, item: C) -> None:
        super().add(key, item)
        self._by_parent.setdefault(item.parent_arn, NumberedList()).append(item)

    def remove_all(self, keys: Iterable[str]) -> list[C]:
        items = super().remove_all(keys)
        by_parent: dict[str, list[C]] = {}
        for item in items:
            by_parent.setdefault(item.parent_arn, []).append(item)
        for parent_arn, children in by_parent.items():
            siblings = self._by_parent[parent_arn]
            siblings.remove_all(children)
            if not len(siblings):
                del self._by_parent[parent_arn]
        return items


class NamedChildMap(ChildMap[N]):
    """A map of children that also knows which names are taken."""

    def __init__(self) -> None:
        super().__init__()
        self._names: set[tuple[str, str]] = set()

    def has_name(self, parent_arn: str, name: str) -> bool:
        """Whether a child of that parent has the name."""
        return (parent_arn, name) in self._names

    def add(self, key: str, item: N) -> None:
        super().add(key, item)
        self._names.add((item.parent_arn, item.name))

    def remove_all(self, keys: Iterable[str]) -> list[N]:
        items = super().remove_all(keys)
        self._names.difference_update((item.parent_arn, item.name) for item in items)
        return items

    def rename(self, item: N, name: str) -> None:
        """Record that the item is about to take another name."""
        self._names.discard((item.parent_arn, item.name))
        self._names.add((item.parent_arn, name))
