"""Assessment reports: what a report says, how it looks as HTML and as PDF, and where it is downloaded.

``content`` reads the state, ``html`` and ``pdf`` render it, ``download`` answers requests for the URLs of reports, and
``local_server`` serves them where no InspectorServer does. Jinja2 and fpdf2 (the extra ``report``) are imported when a
report is rendered, not before.
"""
