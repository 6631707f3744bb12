"""Who is asking? The people and programs of every town, their credentials and sessions."""
