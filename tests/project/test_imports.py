"""What importing the package loads."""

import subprocess
import sys

# Importing


def test_importing_the_package_and_its_plugin_loads_nothing_heavy():
    heavy = ("boto3", "botocore", "freezegun", "hypothesis", "moto", "requests", "responses")
    script = f"import sys, mock_inspector, mock_inspector.plugin; print([m for m in {heavy!r} if m in sys.modules])"

    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout

    assert loaded.strip() == "[]"
