"""What does the document of a service say? Its manifest, in sentences and tables."""

from collections.abc import Iterator

from machinami.kit.manifest import DataUse, Kpi, Manifest, Setting

MADE = "<!-- Made by tools/check.py --write from the tree itself; change the source, not this file. -->\n"


def service_document(manifest: Manifest) -> str:
    """Write the document of one service, in Markdown, from its manifest."""
    m = manifest
    parts = [
        MADE,
        f"# {m.title.ja} · {m.title.en} (`{m.id}` {m.version})\n",
        f"**{m.question.ja}** {m.question.en}\n" if m.question else "",
        f"{m.help.ja}\n\n{m.help.en}\n",
        f"Field: {m.field}. Owner: {m.owner}. Runs: {_occasion(m)}.",
        f"Needs: {', '.join(sorted(m.needs)) or 'nothing'}.\n",
        *_assurance(m),
        "## Data\n\n| | type | attributes |\n|---|---|---|",
        *_uses("reads", m.reads),
        *_uses("writes", m.writes),
        "\n## Settings\n",
        *(_settings(m) if m.settings else ["None."]),
        "\n## Personal data\n",
        *([f"- {p.data.type}: {p.purpose.ja} {p.purpose.en} ({p.legal})" for p in m.personal] or ["None."]),
        "\n## What it is judged by\n",
        *(
            [f"- {k.title.ja} · {k.title.en}: {k.level}, better {k.direction}: {_counted(k)}" for k in m.kpis]
            or ["None."]
        ),
        f"\n## Learned from\n\n{m.seed.city}: {m.seed.aim} ({m.seed.source})" if m.seed else "",
        "\n## Quality\n",
        *[f"- {q.tier}, {q.rule}: {q.state}{f' ({q.reason})' if q.reason else ''}" for q in m.quality],
    ]
    return "\n".join(part for part in parts if part).rstrip() + "\n"


def _counted(kpi: Kpi) -> str:
    formula = [f"`{kpi.formula}`"] if kpi.formula else ["no formula over entities."]
    return " ".join(formula + ([kpi.counting.ja, kpi.counting.en] if kpi.counting else []))


def _assurance(manifest: Manifest) -> Iterator[str]:
    needed = manifest.assurance
    if needed.identity or needed.authentication:
        yield f"To do something on its pages: IAL {needed.identity}, AAL {needed.authentication}.\n"


def _uses(verb: str, uses: tuple[DataUse, ...]) -> Iterator[str]:
    for use in uses:
        yield f"| {verb} | {use.type} | {', '.join(use.attributes) or 'all'} |"


def _occasion(manifest: Manifest) -> str:
    when = [f"every {manifest.every}"] if manifest.every else []
    return ", ".join(when + [f"when {use.type} changes" for use in manifest.triggers]) or "when asked"


def _settings(manifest: Manifest) -> Iterator[str]:
    yield "| setting | title | default | unit | range | what it does |\n|---|---|---|---|---|---|"
    for setting in manifest.settings:
        ja, en = setting.help.ja, setting.help.en
        title = f"{setting.title.ja} · {setting.title.en}"
        yield f"| {setting.name} | {title} | {setting.default} | {setting.unit} | {_range(setting)} | {ja} {en} |"


def _range(setting: Setting) -> str:
    if setting.choices:
        return ", ".join(setting.choices)
    return "" if setting.minimum is None else f"{setting.minimum} to {setting.maximum}"
