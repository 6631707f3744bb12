"""Says what each work costs, who pays, what comes in, and whether it can go on without grants: for officers,
the assembly that decides, and the residents who pay."""
