"""Assessment reports as documents: what one says, how it looks as HTML and as PDF, and the port that serves them.

From left to right: ``content`` reads the state, ``html`` and ``pdf`` render it, ``download`` answers for a URL, and
``local_server`` listens. Jinja2 and fpdf2 (the extra ``report``) are imported when a report is rendered, not before.
"""
