"""The one door to data: operations, history, subscriptions, policy."""
