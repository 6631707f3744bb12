"""What a timetable in a file says: pure, bytes in, values out."""
