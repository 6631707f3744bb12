"""What services, faces and pages share: the City handle, routes, pages, problems."""
