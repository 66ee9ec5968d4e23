"""The analytical data: its schema, the engines that hold it, and how it gets in."""
