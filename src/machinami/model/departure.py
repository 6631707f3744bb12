"""What is said of a town that is deleted? The report that stays when the town is gone (pure)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from machinami.model.found import Inventory

REGISTRATIONS, SUBSCRIPTIONS, ACCOUNTS, KEYS = "registration", "subscription", "identity-account", "identity-key"


@dataclass(frozen=True, slots=True)
class KeyFacts:
    """What protected the town's file. fingerprint: of its key, empty where it was not encrypted; apart: whether the
    master key lay outside of the data folder."""

    fingerprint: str = ""
    apart: bool = False


def departure_report(
    town: str, report_id: str, by: str, at: str, held: Inventory, audit_head: str, key: KeyFacts
) -> dict[str, Any]:
    """The report of a deletion, without what is only known when the files are gone."""
    return {
        "id": report_id,
        "act": "delete",
        "town": town,
        "at": at,
        "by": by,
        "entities": held.entities,
        "historyInstances": held.instances,
        "logRows": held.log,
        "records": dict(held.records),
        "auditHead": audit_head,
        "keyFingerprint": key.fingerprint,
        "masterKeyApart": key.apart,
    }


def with_files(report: Mapping[str, Any], files: Sequence[tuple[str, int]]) -> dict[str, Any]:
    """The report with the files that went, and how many bytes each had."""
    rows = [{"file": name, "bytes": size} for name, size in files]
    return {**report, "files": rows, "bytes": sum(size for _, size in files)}


def statements(report: Mapping[str, Any]) -> dict[str, list[str]]:
    """What the deletion means for copies that exist elsewhere, in Japanese and English."""
    fingerprint = report.get("keyFingerprint", "")
    if not fingerprint:
        return {
            "ja": [
                "この街のファイルは暗号化されていませんでした。削除の前に取ったバックアップには、データが読める形で残っています。",
                "バックアップも消すには、そのバックアップ自体を廃棄してください。",
            ],
            "en": [
                "The file of this town was not encrypted. Backups that were made before the deletion hold its data in "
                "readable form.",
                "For these the deletion holds only when the backups themselves are destroyed.",
            ],
        }
    if report.get("masterKeyApart"):
        return {
            "ja": [
                f"この街のデータの鍵（指紋 {fingerprint}）は破棄され、鍵を守る親鍵も新しくしました。",
                "データフォルダのバックアップは、もう読めません。"
                "親鍵はデータフォルダの外にあり、バックアップに入っていないからです。",
                "ただし、以前の親鍵のファイルとデータフォルダの両方を写したバックアップがあれば、それは読めます。"
                "そのバックアップは廃棄してください。",
            ],
            "en": [
                f"The key of this town's data (fingerprint {fingerprint}) was destroyed, "
                "and the master key that sealed it was renewed.",
                "Backups of the data folder can no longer be read: the master key lay outside of it, not in them.",
                "A backup that holds both the former master key file and the data folder can be read; destroy it.",
            ],
        }
    return {
        "ja": [
            f"この街のデータの鍵（指紋 {fingerprint}）は破棄され、鍵を守る親鍵も新しくしました。",
            "鍵のフォルダ（keys）を含まないバックアップは、もう読めません。",
            "親鍵はデータフォルダの中にありました。フォルダ全体を写したバックアップは、古い鍵を含むため読めます。廃棄してください。",
        ],
        "en": [
            f"The key of this town's data (fingerprint {fingerprint}) was destroyed, "
            "and the master key that sealed it was renewed.",
            "Backups that do not hold the folder of keys can no longer be read.",
            "The master key lay inside the data folder: a backup of the whole folder holds the former keys and can "
            "still be read; destroy it.",
        ],
    }
