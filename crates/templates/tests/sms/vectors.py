"""Makes vectors.json: into how many messages smsutil splits a text.

    python3 -m venv v && v/bin/pip install smsutil==1.1.3
    v/bin/python vectors.py > vectors.json
"""

import json
import random

import smsutil

BASIC = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./09:;<=>?¡AZÄÖÑÜ§¿azäöñüà"
EXTENSION = "\x0c^{}\\[~]|€"
OTHER = "您有积分到期`ç—😀👍"

chance = random.Random(21)
texts = [*BASIC, *EXTENSION, *OTHER]
for length in (70, 71, 133, 134, 135, 153, 159, 160, 161, 305, 306, 307, 500):
    texts.append("".join(chance.choice(BASIC) for _ in range(length)))
    texts.append("".join(chance.choice(BASIC + EXTENSION * 3) for _ in range(length)))
    texts.append("".join(chance.choice(OTHER) for _ in range(length)))
texts += ["a" * 152 + "€" + "b" * 10, "您" * 66 + "😀" + "您" * 10, "^" * 80, "^" * 81, "😀" * 35, "😀" * 36]

rows = []
for text in texts:
    found = smsutil.split(text)
    encoding = "gsm7" if found.encoding == "gsm0338" else "ucs2"
    rows.append([text, encoding, len(found.parts)])
print("[")
print(",\n".join(json.dumps(row, ensure_ascii=False) for row in rows))
print("]")
