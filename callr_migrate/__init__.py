"""Find every use of Callr's JSON-RPC API v1 in Python code, and rewrite it for REST API v2."""

__version__ = "0.1.0"
