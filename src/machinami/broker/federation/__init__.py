"""Operations that are shared with other brokers: who is asked for what, and how the answers become one."""
