"""The command line: parse, call, print. A file for each family of commands."""
