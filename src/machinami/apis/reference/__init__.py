"""What can be asked of this town, and how? The OpenAPI document for programs and a page for people."""
