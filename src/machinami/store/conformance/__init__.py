"""The executable contract of a store; each backend passes every check of `contract.CHECKS`."""
