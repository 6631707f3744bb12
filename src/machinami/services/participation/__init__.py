"""Takes what residents propose, ask and choose, and says what became of each: for residents and for who must answer."""
