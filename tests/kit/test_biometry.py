"""Does the port to templates keep its word, and does no feature of a body get into the town's data?"""

from hashlib import sha256

import pytest
from tests.fakes.vault import MemoryVault
from tests.kit.test_manifest import FLOOD
from tests.kit.vault_contract import demand_contract

from machinami.foundation.errors import InputError
from machinami.kit.biometry import pinned
from machinami.kit.manifest_reading import examine

DIGEST = sha256(b"a model").hexdigest()
USES = FLOOD.replace("compute = true", "compute = true\ntemplates = true")
TEMPLATES = f"""
[templates]
model = "{DIGEST}"
alternative = {{ ja = "窓口で名前を言えば同じです", en = "Say your name at the desk", easy = "まどぐちで おなじです" }}
"""


async def test_a_vault_in_memory_fulfils_the_contract() -> None:
    held, number = {f"consent:{one}" for one in range(4)}, iter(range(100))
    vault = MemoryVault(lambda: sha256(str(next(number)).encode()).digest(), held.__contains__)

    def leftovers(subject: str) -> list[object]:
        return [kept[subject] for kept in (vault.keys, vault.templates) if subject in kept]

    await demand_contract(vault, held.discard, leftovers)


def test_only_the_model_that_was_approved_is_loaded() -> None:
    assert pinned(b"a model", DIGEST) == b"a model"
    with pytest.raises(InputError, match="not the model that was approved"):
        pinned(b"another model", DIGEST)


def test_a_service_that_recognises_people_names_its_model_and_an_alternative_without_penalty() -> None:
    manifest, faults = examine(USES + TEMPLATES, "service")
    assert not [one for one in faults if one.key.startswith("templates")]
    assert manifest is not None
    assert manifest.templates is not None
    assert manifest.templates.alternative.en == "Say your name at the desk"
    _, faults = examine(USES, "service")
    assert {"templates.model", "templates.alternative"} <= {one.key for one in faults}
    _, faults = examine(USES + TEMPLATES.replace(DIGEST, "newest"), "service")
    assert "templates.model" in {one.key for one in faults}
    _, faults = examine(FLOOD + TEMPLATES, "service")
    assert "templates" in {one.key for one in faults}


def test_no_manifest_reads_or_writes_features_of_bodies() -> None:
    _, faults = examine(FLOOD.replace('["waterLevel"]', '["faceEmbedding"]'), "service")
    assert any("faceEmbedding is never in the town's data" in one.cure for one in faults)
