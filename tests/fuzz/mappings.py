"""Mappings and manifests damaged as text and as what they say."""

import json
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

Text = Callable[[Random, str], str]

EXAMPLE = Path(__file__).parents[2] / "examples" / "ibm-late-payments.toml"
IBM = """\
countrycode,customerID,PaperlessDate,invoiceNumber,InvoiceDate,DueDate,InvoiceAmount,Disputed,SettledDate,PaperlessBill
770,0187-ERLSR,31/12/2012,280670965,03/01/2012,02/02/2012,50.39,No,23/01/2012,Paper
391,3993-QUNVJ,02/08/2012,5133177585,04/01/2012,03/02/2012,55.37,Yes,,Paper
770,0187-ERLSR,31/12/2012,5928070131,02/01/2012,01/02/2012,97.6,Yes,25/02/2012,Paper
406,1447-YZKCL,27/02/2012,7900770,26/01/2012,25/02/2012,105.92,No,03/03/2012,Electronic
"""
_TOKENS = [
    "[",
    "]",
    "{",
    "}",
    "=",
    ".",
    ",",
    '"',
    "'",
    '"""',
    "#",
    "\n",
    "\\",
    "\\u0000",
    "\\ud800",
    "%",
    "{x}",
    "1",
    "true",
    "1e999",
    "nan",
    "2026-01-01",
    "[[x]]",
    "file",
    "columns",
    "text",
    "value",
    "\0",
    "\ufeff",
    "é",
    "\u2028",
]
_VALUES = [
    "",
    "1",
    "0",
    "-1",
    "1.5",
    "true",
    "[]",
    "{}",
    '""',
    '"x"',
    "[1]",
    '["a"]',
    "2026-01-01",
    "nan",
    "{ a = 1 }",
    '{ column = "invoiceNumber" }',
    '{ value = "" }',
    '{ text = "{" }',
    '{ text = "{invoiceNumber:>9}" }',
    '{ text = "{0}" }',
    '{ text = "{invoiceNumber.x}" }',
    '{ column = "DueDate", date = "%d/%m/%Y" }',
    '{ column = "DueDate", date = "%d%m%y" }',
    '{ column = "DueDate", date = "' + "x" * 5000 + '%d%m%Y" }',
    '{ column = "DueDate", date = "%d\\\\%m(%Y" }',
    '{ column = "DueDate", date = "%d\\u0000%m%Y" }',
    '{ column = "Disputed", words = { Yes = "dispute", No = "" } }',
    '{ column = "Disputed", words = { "" = "x" } }',
    '{ text = "' + "{invoiceNumber}" * 300 + '" }',
    '"' + "n" * 70_000 + '"',
    '"../x.csv"',
    '"' + "n" * 300 + '.csv"',
    '"a\\u0000b.csv"',
    '"ibm-late-payments.csv"',
    '"IBM-late-payments.csv"',
    '"utf-16"',
    '"cp866"',
    '"|"',
    '";"',
    '"\\t"',
    '"%Y-%m-%d"',
    '"%d/%m/%y"',
    '","',
    '"."',
    '[{ column = "Disputed", equals = ["Yes", "No"] }]',
    '[{ column = "x", empty = true }]',
    "[" * 50 + "]" * 50,
    "[" * 3000 + "]" * 3000,
    "{a=" * 500 + "1" + "}" * 500,
]


def damage_mapping(random: Random, text: str) -> tuple[str, str]:
    """Return what was done and the text."""
    damage = random.choice((_letters, _letters, _values, _values, _values, _lines, _keys, _deep))
    return damage.__name__.strip("_"), damage(random, text)


def _letters(random: Random, text: str) -> str:
    for _ in range(random.choice((1, 1, 2, 6))):
        at = random.randrange(len(text))
        text = text[:at] + random.choice([*_TOKENS, ""]) + text[at + random.choice((0, 0, 1, 20)) :]
    return text


def _values(random: Random, text: str) -> str:
    lines = text.split("\n")
    i = random.choice(
        [i for i, line in enumerate(lines) if "=" in line and not line.startswith("#")]
    )
    lines[i] = lines[i].split("=")[0] + "= " + random.choice(_VALUES)
    return "\n".join(lines)


def _lines(random: Random, text: str) -> str:
    lines = text.split("\n")
    for _ in range(random.choice((1, 3))):
        i = random.randrange(len(lines))
        line = lines.pop(i)
        if random.random() < 0.5:
            lines[random.randrange(len(lines)) : 0] = [line] * random.choice((1, 2))
    return "\n".join(lines)


def _keys(random: Random, text: str) -> str:
    lines = text.split("\n")
    i = random.choice([i for i, line in enumerate(lines) if line and not line.startswith("#")])
    key = lines[i].strip("[]").split(" ")[0].split(".")[-1]
    other = random.choice(
        (
            "x",
            "name",
            "amount",
            "columns",
            '"a b"',
            "файл",
            "a.b.c",
            ".".join("k" * 30),
            "",
            "premises",
        )
    )
    lines[i] = lines[i].replace(key, other, 1)
    return "\n".join(lines)


def _deep(random: Random, text: str) -> str:
    n = random.choice((30, 900, 5000, 100_000))
    return text + random.choice(
        (
            "x = " + "[" * n + "]" * n,
            "x = " + "{a=" * n + "1" + "}" * n,
            ".".join("a" * n) + " = 1",
            "[" + ".".join("a" * n) + "]",
            'y = """\n' + "[" * n + '\n"""',
            "#" * n,
            'y = "' + "\\n" * n + '"',
            "a = 1\n" * n,
            "z = " + "9" * n,
            "[tables.holds]\n" * n,
            ".".join(['"a"'] * n) + " = 1",
            "a . " * n + "b = 1",
        )
    )


MANIFEST = {
    "as_of": "2026-11-22",
    "tables": {
        "premises": {"rows": 6},
        "payments": {"rows": 19, "amount": {"EUR": "25.60", "BGN": "9.60"}},
        "holds": {"rows": 4},
    },
}
_JSON_VALUES: list[Any] = [
    None,
    True,
    False,
    0,
    -1,
    1,
    14,
    14.0,
    1e400,
    float("nan"),
    "",
    "14",
    "25.60",
    "25,60",
    "25.600",
    "1e2",
    "+1",
    "٣",
    "-0.00",
    10**30,
    "2026-02-30",
    "22.11.2026",
    "２０２６-11-22",
    [],
    {},
    [[]],
    {"rows": 4},
    {"EUR": "1"},
    {"USD": "1"},
    "\ud800",
    "x" * 9999,
]


def damage_manifest(random: Random, manifest: dict[str, Any]) -> tuple[str, bytes]:
    """Return what was done and the bytes."""
    if random.random() < 0.5:
        return "values", json.dumps(_change(random, json.loads(json.dumps(manifest)))).encode()
    text = json.dumps(manifest, indent=random.choice((None, 1)))
    n = random.choice((50, 1000, 100_000))
    ways: dict[str, Callable[[], bytes]] = {
        "letters": lambda: _letters(random, text).encode("utf-8", "surrogatepass"),
        "cut off": lambda: text[: random.randrange(len(text))].encode(),
        "encoding": lambda: text.encode(random.choice(("utf-16", "utf-8-sig", "utf-32", "cp037"))),
        "deep lists": lambda: b'{"as_of": ' + b"[" * n + b"]" * n + b"}",
        "deep objects": lambda: b'{"a":' * n + b"1" + b"}" * n,
        "deep amount": lambda: text.replace('"25.60"', "[" * n + "]" * n).encode(),
        "twice": lambda: text.replace('"premises"', '"holds"').encode(),
        "long number": lambda: text.replace("14", "1" * n).encode(),
        "bytes": lambda: random.randbytes(random.choice((1, 50))),
        "nothing": lambda: b"",
    }
    name = random.choice(list(ways))
    return name, ways[name]()


def _change(random: Random, node: dict[str, Any]) -> dict[str, Any]:
    """Change one value, or one name, somewhere."""
    key = random.choice(list(node))
    if isinstance(node[key], dict) and node[key] and random.random() < 0.8:
        node[key] = _change(random, node[key])
    elif random.random() < 0.7:
        node[key] = random.choice(_JSON_VALUES)
    else:
        node[random.choice(("x", key.upper(), " " + key, "", "rows", "amount", "EUR"))] = node.pop(
            key
        )
    return node
