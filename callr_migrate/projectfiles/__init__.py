"""The files around the code: what they require, lock, and configure. Nothing here needs libcst."""
