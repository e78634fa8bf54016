"""AttributePatch: others may patch the same attribute, and leave in any order."""

from typing import Any

import pytest

from mock_inspector.attribute_patch import AttributePatch


class Library:
    def send(self):
        return ["original"]


ORIGINAL = Library.send


@pytest.fixture(autouse=True)
def restored():
    yield
    Library.send = ORIGINAL  # type: ignore[method-assign]


@pytest.fixture
def patch():
    return AttributePatch(Library, "send", lambda original: lambda library: ["ours", *original(library)])


def theirs(original):
    def send(library):
        return ["theirs", *original(library)]

    return send


def sent():
    return Library().send()


def test_the_attribute_is_replaced_and_restored(patch):
    for _ in range(2):
        patch.install()
        assert sent() == ["ours", "original"]
        patch.uninstall()
        assert Library.send is ORIGINAL


def test_one_replacement_serves_again_until_the_original_is_another(patch):
    patch.install()
    replacement = Library.send
    patch.uninstall()
    patch.install()
    assert Library.send is replacement
    patch.uninstall()
    Library.send = theirs(ORIGINAL)  # type: ignore[method-assign]
    patch.install()
    assert sent() == ["ours", "theirs", "original"]


def test_uninstalling_what_is_not_installed_changes_nothing(patch):
    patch.uninstall()
    assert Library.send is ORIGINAL


def test_a_later_patch_of_somebody_else_stays(patch):
    patch.install()
    later: Any = theirs(Library.send)
    Library.send = later  # type: ignore[method-assign]
    patch.uninstall()
    assert Library.send is later


def test_what_somebody_has_put_back_is_not_patched_twice(patch):
    patch.install()
    ours = Library.send
    Library.send = theirs(ours)  # type: ignore[method-assign]
    patch.uninstall()
    Library.send = ours  # type: ignore[method-assign]
    patch.install()
    assert sent() == ["ours", "original"]
    patch.uninstall()
    assert Library.send is ORIGINAL


def test_it_is_installed_on_top_of_somebody_elses(patch):
    Library.send = before = theirs(ORIGINAL)  # type: ignore[method-assign]
    patch.install()
    assert sent() == ["ours", "theirs", "original"]
    patch.uninstall()
    assert Library.send is before
