"""At which addresses do people see what the town holds about them, consent, and are helped at a desk?"""

from machinami.apis.consent import (
    consent_pages,
    correction_pages,
    desk_erasure_pages,
    desk_pages,
    erasure_pages,
    mine_pages,
    my_data_api,
)
from machinami.apis.consent.office import Office
from machinami.kit.http import Route


def pages(office: Office) -> list[Route]:
    """Every page of this face, and the same for programs."""
    faces = (mine_pages, consent_pages, correction_pages, erasure_pages, desk_pages, desk_erasure_pages, my_data_api)
    return [route for face in faces for route in face.routes(office)]
