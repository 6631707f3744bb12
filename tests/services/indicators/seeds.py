"""The KPI tables of the seeds, in our own words, with their gaps: what an officer would type into the form.

Source: the table of KPI examples in the guidebook's digest (seed 002, 2021) and the plans of Tsukuba and Susami (seed
003). A place without an output (Utsunomiya) has no row for it; where no year is written none is given here.
"""

AREAS = [
    # place, field, outcome, output, first year, last year
    ("柏の葉", "environment", "CO2 の削減量", "融通した電力の量", "", ""),
    ("藤枝", "disaster", "子育て世代の転入者", "災害時の配信への登録者", "2024", "2029"),
    ("益田", "infrastructure", "職員 1 人あたりの域内総生産", "IoT による維持管理費の減", "2023", "2023"),
    ("札幌", "health", "医療費の減", "歩く時間の平均", "2024", "2024"),
    ("羽田", "logistics", "運営費の減る率", "使っているロボットの台数", "", ""),
    ("松山", "planning", "歩きと公共交通で街に来る人の割合", "データを使った計画の件数", "2021", "2030"),
    ("加古川", "safety", "犯罪による被害額", "アプリを入れた数", "2021", "2026"),
    ("宇都宮", "tourism", "市民と観光客の滞在時間の平均", "", "2022", "2022"),
]
FALLING = ("医療費の減", "犯罪による被害額")  # written as an effect, and as a loss: what is counted here shall fall
PLANS = [
    {"name_ja": "車をふだんの足にする人の割合（つくば）", "direction": "down", "unit": "%", "baseline": "85.8",
     "target": "value", "low": "83.5", "year_to": "2024", "fiscal": "yes"},
    {"name_ja": "安心して暮らせると感じる高齢者（つくば）", "unit": "%", "baseline": "31.4", "target": "value",
     "low": "34.4", "year_to": "2024", "fiscal": "yes"},
    {"name_ja": "取組の利用者の満足度（つくば）", "unit": "%", "target": "value", "low": "47.2", "year_to": "2024",
     "fiscal": "yes"},
    {"name_ja": "観光の消費額（札幌）", "unit": "億円", "target": "value", "low": "7000", "year_to": "2024"},
    {"name_ja": "歩く時間（札幌）", "unit": "分／日", "target": "rate", "low": "30", "year_to": "2024"},
    {"name_ja": "使いたい人の割合（すさみ）", "unit": "%", "target": "value", "low": "90"},
    {"name_ja": "ドローンの積載（すさみ）", "unit": "kg", "target": "value", "low": "5", "level": "output"},
    {"name_ja": "移住した世帯（すさみ）", "unit": "世帯", "target": "value", "low": "10", "year_to": "2024",
     "fiscal": "yes"},
    {"name_ja": "進出した会社（すさみ）", "unit": "社", "target": "value", "low": "1"},
    {"name_ja": "訪れた人（すさみ）", "unit": "人", "target": "rate", "low": "10", "per_year": "yes",
     "baseline": "1000000"},
]  # fmt: skip


def forms() -> list[dict[str, str]]:
    """Every indicator of the tables as a form."""
    rows = []
    for place, field, outcome, output, first, last in AREAS:
        years = {"year_from": first, "year_to": last, "field": field, "owner": place}
        for level, name in (("outcome", outcome), ("output", output)):
            if name:
                direction = "down" if name in FALLING else "up"
                rows.append({"name_ja": name, "level": level, "direction": direction, **years})
    return [*rows, *({"level": "outcome", **plan} for plan in PLANS)]
