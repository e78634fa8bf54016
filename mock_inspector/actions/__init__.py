"""The actions of the API, one function each.

An action takes the store it works in and the request's members as keywords, which are validated against the model
already, and returns the response. It refuses with an error of :mod:`mock_inspector.errors`; :meth:`.Store.get` raises
those that concern an ARN. An action is called under the service's lock, and ``store.now`` is the time of the call.
"""
