"""Reports on their way out: files of every format from one table of rows."""
