"""The face of the ethics board: applications, questions, votes, decisions and reviews, as pages and as JSON."""
