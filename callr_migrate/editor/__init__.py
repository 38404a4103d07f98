"""The language server: what the command line does, for editors, as text is typed."""
