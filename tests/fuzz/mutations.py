"""Damaged copies of a seed: of its bytes, or, where it is JSON, of its values."""

import copy
import json

TOKENS = [
    *(
        b"\x00",
        b"\xff\xfe",
        b"\xef\xbb\xbf",
        b"\x1b]0;x\x07",
        b"\r",
        b"\r\n",
        b"\n\n",
        b"\t",
        b"\xed\xa0\x80",
        b"\\ud800",
    ),
    *(
        b"'",
        b'"',
        b'"""',
        b"\\",
        b"`",
        b"#",
        b"# %%",
        b"%%",
        b"!",
        b"{",
        b"}",
        b"[",
        b"]",
        b"(",
        b")",
        b",",
        b":",
        b"=",
        b"==",
    ),
    *(
        b"../",
        b"/",
        b"//",
        b"/etc/passwd",
        b"~",
        b"%s",
        b"{0}",
        b"-",
        b"--",
        b";",
        b"@",
        b"null",
        b"NaN",
        b"Infinity",
        b"1e999",
    ),
    *(
        b"-1",
        b"0",
        b"1" * 5_000,
        b"9" * 400,
        b"true",
        b"__proto__",
        b"tags=null",
        b"---\n",
        b"%%module ",
        b"PK\x05\x06",
        b" " * 500,
    ),
    *(
        b"[" * 1_200,
        b"{" * 1_200,
        b"(" * 300,
        b"-" * 1_500,
        b"a." * 800,
        b"\xf0\x9f\x98\x80",
        b"\xe2\x80\xa8",
        b"\x0c",
        b"x" * 5_000,
    ),
]
VALUES = [
    *(
        None,
        True,
        False,
        0,
        -1,
        10**400,
        1.5,
        float("inf"),
        float("nan"),
        "",
        "x",
        "\x00",
        "\ud800",
        "\x1b[2J",
        "../x",
        "/x",
    ),
    *(
        "a/b",
        "a" * 5_000,
        "owner/slug",
        [],
        {},
        [[]],
        [{}],
        {"": None},
        [None] * 50,
        {"id": [1]},
        ["x", 3],
        {"a": {"b": {"c": 1}}},
    ),
]


def mutate(random, seeds, *, is_json):
    """Return one of the seeds, changed in one to eight places."""
    data = random.choice(seeds)
    if is_json and random.random() < 0.6:
        return _other_values(random, data)
    changed = bytearray(data)
    for _ in range(random.choice((1, 1, 1, 2, 3, 5, 8))):
        random.choice(_STEPS)(random, changed, seeds)
    return bytes(changed[:200_000])


def _flip(random, data, _):
    if data:
        data[random.randrange(len(data))] ^= 1 << random.randrange(8)


def _replace(random, data, _):
    if data:
        data[random.randrange(len(data))] = random.randrange(256)


def _delete(random, data, _):
    start = random.randrange(len(data) + 1)
    del data[start : start + random.choice((1, 1, 2, 8, 64, len(data)))]


def _insert(random, data, _):
    start = random.randrange(len(data) + 1)
    data[start:start] = random.choice(TOKENS)


def _overwrite(random, data, _):
    start, token = random.randrange(len(data) + 1), random.choice(TOKENS)
    data[start : start + len(token)] = token


def _repeat(random, data, _):
    start = random.randrange(len(data) + 1)
    piece = data[start : start + random.choice((1, 4, 30, 300))]
    data[start:start] = piece * random.choice((1, 2, 50))


def _splice(random, data, seeds):
    other = random.choice(seeds)
    start, end = random.randrange(len(data) + 1), random.randrange(len(other) + 1)
    data[start:] = other[end:]


_STEPS = [_flip, _replace, _delete, _insert, _insert, _overwrite, _repeat, _splice]


def _other_values(random, data):
    """Exchange, add or remove values of a JSON text."""
    try:
        tree = [json.loads(data)]
    except ValueError:
        return data
    for _ in range(random.choice((1, 1, 2, 4))):
        places = list(_places(tree))
        holder, key = random.choice(places)
        if random.random() < 0.2 and isinstance(holder, dict):
            del holder[key]
        elif random.random() < 0.2:
            holder[key] = _copied(random.choice(places))
        else:
            holder[key] = copy.deepcopy(random.choice(VALUES))
    return json.dumps(tree[0]).encode()


def _places(tree):
    for key in range(len(tree)) if isinstance(tree, list) else list(tree):
        yield tree, key
        if isinstance(tree[key], list | dict):
            yield from _places(tree[key])


def _copied(place):
    return json.loads(json.dumps(place[0][place[1]]))
