"""The rules of the requirement menu: values in, values out."""
