"""How do notifications fare? Subscriptions to be seen, held, tested and asked why, as JSON and as pages."""
