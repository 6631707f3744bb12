"""The rules of heat: how hot it is, how hot it will be, what that means. Values in, values out."""
