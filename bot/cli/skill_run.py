"""`apprentice skills run`: a live skill from the command line, with the built-in tools."""
