"""Makes vectors.json: intervals and sizes as statsmodels works them out.

    python3 -m venv v && v/bin/pip install statsmodels==0.15.0
    v/bin/python vectors.py > vectors.json
"""

import json

from statsmodels.stats.proportion import (
    confint_proportions_2indep,
    proportion_confint,
    samplesize_proportions_2indep_onetail,
)

RATES = [
    (0, 1), (1, 1), (0, 10), (10, 10), (1, 10), (5, 10), (0, 350), (1, 350), (349, 350), (7, 29),
    (150, 1000), (135, 1000), (120, 1000), (20, 200), (1, 9000), (950, 7900), (1067, 7900),
    (27_000, 180_000), (2_400, 20_000), (123_456, 987_654), (500_000, 1_000_000),
]

wilson = []
for rate in RATES:
    low, high = proportion_confint(*rate, alpha=0.05, method="wilson")
    wilson.append({"rate": rate, "low": float(low), "high": float(high)})

newcombe = []
for place, first in enumerate(RATES):
    for step in (1, 2, 7):
        second = RATES[(place + step) % len(RATES)]
        low, high = confint_proportions_2indep(*first, *second, method="newcomb", compare="diff")
        newcombe.append({"first": first, "second": second, "low": float(low), "high": float(high)})

needed = []
for base in (0.01, 0.05, 0.12, 0.5):
    for lift in (0.002, 0.015, 0.1, -0.005):
        for share in (0.5, 0.1, 0.05):
            ratio = share / (1 - share)
            # Its first group is the one with the difference, its ratio is second to first.
            treated = samplesize_proportions_2indep_onetail(
                lift, base, 0.8, ratio=ratio, alpha=0.05, alternative="two-sided"
            )
            needed.append({
                "base": base, "lift": lift, "share": share,
                "treated": float(treated), "held_out": float(treated) * ratio,
            })

for name, rows in (("wilson", wilson), ("newcombe", newcombe), ("needed", needed)):
    print("{" if name == "wilson" else ",", json.dumps(name) + ": [")
    print(",\n".join(json.dumps(row) for row in rows))
    print("]")
print("}")
