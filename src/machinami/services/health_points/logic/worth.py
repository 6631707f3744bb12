"""What is more walking worth in medical cost? An estimate by the guideline's factor, never a saving.

国土交通省「まちの活性化・都市活動・健康増進のための歩行量（歩数）調査のガイドライン」(2017) takes 0.065 yen of medical
cost a step: 1,500 steps a day more are about 35,000 yen less a person and year. It was found in comparisons of people
who walk more or less, so it does not say that a person who starts walking saves this much.
"""

YEN_A_STEP = 0.065
DAYS_A_YEAR = 365
STEPS_A_MINUTE = 100.0


def yearly_yen(steps_a_day: float) -> float:
    """Estimated medical cost in yen per person-year that goes with so many more steps a day."""
    return steps_a_day * DAYS_A_YEAR * YEN_A_STEP


def steps_of_minutes(minutes: float) -> float:
    """Steps in so many minutes of brisk walking."""
    return minutes * STEPS_A_MINUTE
