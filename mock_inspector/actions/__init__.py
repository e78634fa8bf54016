"""The actions of the API, one function each, gathered by what they are about.

An action takes the region it works in and the request's members as keywords, already checked against the model, and
returns the response. What it cannot do, it refuses with an error of :mod:`mock_inspector.errors`; those that
:meth:`.Store.get` raises concern the ARNs that it is given. An action is called under the service's lock, and
``region.now`` is the moment of the call.
"""
