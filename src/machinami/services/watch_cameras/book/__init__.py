"""What do the pages of watch-over cameras show? Rows for each reader, and what is drawn on the map."""
