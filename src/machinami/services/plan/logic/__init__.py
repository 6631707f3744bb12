"""The rules of plans and works: values in, values out."""
