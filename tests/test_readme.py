"""The README's code runs as it stands there."""

import re
from pathlib import Path

import pytest

README = (Path(__file__).parent.parent / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


@pytest.mark.parametrize("block", BLOCKS)
def test_a_code_block_passes_as_a_test(block, pytester):
    pytester.makepyfile(block)
    pytester.runpytest_subprocess("-q").assert_outcomes(passed=1)


def test_the_readme_opens_with_an_example():
    assert BLOCKS
    assert README.index("```python") < 1500
