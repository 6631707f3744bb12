"""The face where a town is put into its disaster mode, or into a drill of it. A page for people, JSON for programs."""
