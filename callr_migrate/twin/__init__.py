"""A local double of the service: JSON-RPC v1.1 and REST v2, two thin faces over one account.

Twin and rewriting rules rest on the same facts, so what agrees here agrees with `contract/` and the rules, not with
the service itself. What neither knows, the twin's own conventions fill; docs/twin.md lists them.
"""
