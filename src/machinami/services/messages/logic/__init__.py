"""The rules of messages: texts, recipients, retries, ways on foot. Values in, values out."""
