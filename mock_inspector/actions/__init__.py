"""The actions of the API, one function each, gathered by what they are about.

An action takes the region it works in and the request's members as keywords, already checked against the model, and
returns the response. What it cannot do, it refuses with an error of :mod:`mock_inspector.errors`. An action is called
under the world's lock, and ``region.now`` is the moment of the call.
"""

from typing import Any

Answer = dict[str, Any]
"""A response: JSON values, moments as epoch seconds. Void actions return an empty one."""
