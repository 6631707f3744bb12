"""How do health and metrics look on the wire?"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Metric:
    """One number: name (without prefix), help, value, kind (gauge, counter or histogram), labels. suffix: what a row
    of a histogram is of it, _bucket, _sum or _count."""

    name: str
    help: str
    value: float
    kind: str = "gauge"
    labels: Mapping[str, str] = field(default_factory=dict)
    suffix: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the installation and how it fares: ok, or what is wrong and how to mend it."""

    name: str
    ok: bool
    detail: str = ""


def health(parts: Iterable[Part], version: str) -> dict[str, object]:
    """The answer of /health: "ok" if every part is, else "degraded", with each part's own word."""
    listed = list(parts)
    return {
        "status": verdict(listed),
        "version": version,
        "parts": [{"name": part.name, "ok": part.ok, "detail": part.detail} for part in listed],
    }


def verdict(parts: Iterable[Part]) -> str:
    """How the town fares, in one word."""
    return "ok" if all(part.ok for part in parts) else "degraded"


def prometheus(metrics: Iterable[Metric]) -> bytes:
    """Metrics in the Prometheus text format 0.0.4."""
    lines: list[str] = []
    announced: set[str] = set()
    for metric in metrics:
        name = f"machinami_{metric.name}"
        if name not in announced:
            announced.add(name)
            lines += [f"# HELP {name} {metric.help}", f"# TYPE {name} {metric.kind}"]
        labels = ",".join(f'{key}="{_escape(value)}"' for key, value in metric.labels.items())
        row, value = f"{name}{metric.suffix}", _number(metric.value)
        lines.append(f"{row}{{{labels}}} {value}" if labels else f"{row} {value}")
    return ("\n".join(lines) + "\n").encode()


def _number(value: float) -> str:
    """A number with all of its digits: counters of millions are whole numbers too."""
    return str(int(value)) if float(value).is_integer() and abs(value) < 2**53 else repr(float(value))


def _escape(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
