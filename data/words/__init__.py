"""Words: how questions, dates and figures are told to people, the same on page, charts, files and mail."""
