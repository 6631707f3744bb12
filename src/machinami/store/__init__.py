"""What talks to disks: one protocol, its executable contract, and the backends."""
