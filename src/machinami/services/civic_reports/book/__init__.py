"""What the pages show of reports, as rows."""
