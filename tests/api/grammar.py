"""grammar: cases of our own, made from RFC 8259's grammar. Yields (name, verdict, document)."""
import itertools
import random

HIGH, LOW = "\\ud83d", "\\ude00"


def numbers():
    whole = ["0", "-0", "1", "-1", "10", "9007199254740993", "-123456789012345678901234567890"]
    frac = ["", ".0", ".5", ".000", ".12345678901234567890"]
    exp = ["", "e0", "E0", "e+1", "E-1", "e007", "e400", "E-400"]
    for parts in itertools.product(whole, frac, exp):
        yield "accept", "".join(parts)
    bad = ["-", "+", "+1", "--1", "00", "01", "-01", "00.5", ".5", "-.5", "1.", "-1.", "0.", "1.e1",
           "1e", "1e+", "1e-", "1E", "1e1.5", "1e1e1", "1.1.1", "1e0x", "0x1", "0b1", "0o7", "1_000",
           "1,000.0.", "1 000", "Infinity", "-Infinity", "+Infinity", "inf", "-inf", "NaN", "-NaN",
           "nan", "1f", "1L", "1n", "1d", "0e", "-e1", "e1", "1ee1", "1e++1", "1e+-1", "½", "１",
           "٣", "1\u0660", "−1", "1%", "1;", "0-1", "1-", "1+1", "(1)", "1/2", "1\u00a0", "0123"]
    for text in bad:
        yield "reject", text


def literals():
    for good in ("true", "false", "null"):
        yield "accept", good
        for cut in range(1, len(good)):
            yield "reject", good[:cut]
        yield "reject", good + good[-1]
        yield "reject", good.upper()
        yield "reject", good.capitalize()
        yield "reject", good[:-1] + good[-1].upper()
        yield "reject", good + "0"
        yield "reject", good + '"'
    for bad in ("None", "undefined", "nil", "yes", "True", "TRUE", "()", "<>", "''", "'a'", "`a`",
                "a", "$", "/", "//", "/**/", "# c", "\\", "*", "@", "&", "=", "\u2028", "\ufeff1"):
        yield "reject", bad


def escapes():
    for code in range(0x21, 0x7f):
        letter = chr(code)
        if letter == "u":
            continue
        yield "accept" if letter in '"\\/bfnrt' else "reject", f'"a\\{letter}b"'
    for code in list(range(0x20)) + [0x22, 0x5c, 0x7f, 0x80, 0x9f, 0xa0, 0xff, 0x7ff, 0x800, 0xd7ff,
                                     0xe000, 0xfeff, 0xfffd, 0xfffe, 0xffff]:
        yield "accept", f'"\\u{code:04x}"'
        yield "accept", f'"x\\u{code:04X}y"'
    for bad in ("", "0", "00", "000", "00g0", "g000", "000g", "+123", "-123", " 123", "0x12", "12 3",
                "\\u00", '"', "12\n3", "é000"):
        yield "reject", f'"\\u{bad}"'
    yield "reject", '"\\'
    yield "reject", '"\\"'
    yield "reject", '"\\U0041"'
    for parts in itertools.product([HIGH, LOW, "x", "\\n"], repeat=3):
        yield "accept", '"' + "".join(parts) + '"'


def raw_bytes():
    for byte in range(256):
        good = byte >= 0x20 and byte < 0x80 and byte not in (0x22, 0x5c)
        yield "accept" if good else "reject", b'"a' + bytes([byte]) + b'q"'
    for byte in range(256):
        if byte not in b" \t\r\n0123456789.eE,":
            yield "reject", b"[1" + bytes([byte]) + b",2]"


def utf8():
    for code in (0x80, 0x7ff, 0x800, 0xfff, 0x1000, 0xd7ff, 0xe000, 0xfdd0, 0xfffe, 0xffff, 0x10000,
                 0x1ffff, 0x3ffff, 0xfffff, 0x100000, 0x10ffff):
        yield "accept", b'"' + chr(code).encode() + b'"'
        for cut in range(1, len(chr(code).encode())):
            yield "reject", b'"' + chr(code).encode()[:cut] + b'"'
            yield "reject", b'"' + chr(code).encode()[:cut] + b'x"'
        yield "reject", b'"' + chr(code).encode() + b'\x80"'
    for bad in (b"\xc0\x80", b"\xc0\xaf", b"\xc1\xbf", b"\xe0\x80\x80", b"\xe0\x9f\xbf",
                b"\xf0\x80\x80\x80", b"\xf0\x8f\xbf\xbf", b"\xed\xa0\x80", b"\xed\xbf\xbf",
                b"\xed\xa0\xbd\xed\xb8\x80", b"\xf4\x90\x80\x80", b"\xf5\x80\x80\x80",
                b"\xf8\x88\x80\x80\x80", b"\xfc\x84\x80\x80\x80\x80", b"\xfe", b"\xff", b"\xff\xfe",
                b"\xe2\x28\xa1", b"\xf0\x28\x8c\xbc", b"\xc3\x28", b"\xa0\xa1"):
        yield "reject", b'"' + bad + b'"'
        yield "reject", b'{"' + bad + b'":1}'


def structure():
    good = ["[]", "{}", "[[]]", "[{}]", '{"":0}', '{"a":{}}', "[1,2]", '{"a":1,"b":2}', '{"a":1,"a":2}',
            " [ ] ", "\n{\t}\r\n", "[ 1 , 2 ]", '{ "a" : 1 , "b" : [ ] }', "[[],[],{}]", '""', '" "',
            '"\u2028\u2029"', "0", '{"rollcall":1}', '["},{"]', '{"a]":"[{"}', '{"\\u0061":1,"a":2}']
    bad = ["", " ", "[", "]", "{", "}", "[]]", "{}}", "[[]", "{[}]", "[}", "{]", "[,]", "[1,]", "[,1]",
           "[1,,2]", "[1 2]", "[1;2]", "[1:2]", '{"a"}', '{"a":}', '{"a",1}', '{"a":1,}', '{,"a":1}',
           '{"a":1 "b":2}', '{"a":1;"b":2}', '{"a"=1}', '{"a"::1}', "{1:1}", "{a:1}", "{'a':1}",
           "{null:1}", "{[]:1}", '{"a":1,"b"}', '{"a":1,2}', "[1],", ",1", ":", ",", "1 2", "[] []",
           "{} {}", '"a" "b"', '"a', 'a"', '"', "[\"a]", '{"a":"b}', "[1/**/]", "[1//\n]", "[1#\n]",
           "[\v1]", "[\f1]", "[\b1]", "[\u00a01]", "[\u20281]", "[\ufeff1]", "[1]\0", "\0", "[1\0]",
           "\ufeff[]", "<a/>", "...", "[...]", "[1,\n2", '{"a":[}', '{"a":1]', "[(1)]", "[1]x", "x[1]"]
    for text in good:
        yield "accept", text
    for text in bad:
        yield "reject", text
    for space in (" ", "\t", "\n", "\r", " \t\n\r", "\r\n\r\n"):
        yield "accept", space.join(["", "[", "1", ",", "{", '"a"', ":", "null", "}", "]", ""])


def depth():
    """A member's value may have 63 levels, the record around it being the first."""
    for n in (1, 2, 31, 62, 63, 64, 65, 66, 128, 1000, 100000):
        verdict = "accept" if n <= 63 else "reject"
        yield verdict, "[" * n + "]" * n
        yield verdict, '{"a":' * (n - 1) + "{}" + "}" * (n - 1)
        yield verdict, "".join("[" if k % 2 else '{"a":' for k in range(n - 1)) + "[]" + "".join(
            "]" if k % 2 else "}" for k in reversed(range(n - 1)))
    yield "reject", "[" * 100000
    yield "reject", '{"a":' * 100000
    yield "accept", "[" + "[]," * 5000 + "[]]"


def value(rng, level):
    """A random document of the grammar."""
    kind = rng.randrange(7 if level < 6 else 5)
    if kind == 0:
        return rng.choice(["true", "false", "null"])
    if kind in (1, 2):
        return rng.choice(["", "-"]) + str(rng.choice([0, rng.randrange(1, 10 ** rng.randrange(1, 25))])) \
            + rng.choice(["", "." + str(rng.randrange(10 ** 9))]) \
            + rng.choice(["", rng.choice("eE") + rng.choice(["", "+", "-"]) + str(rng.randrange(999))])
    if kind in (3, 4):
        return string(rng)
    blank = lambda: rng.choice(["", "", " ", "\n", "\t ", "\r\n"])
    items = [value(rng, level + 1) for _ in range(rng.randrange(5))]
    if kind == 5:
        return "[" + ",".join(blank() + i + blank() for i in items) + blank() * (not items) + "]"
    return "{" + ",".join(blank() + string(rng) + blank() + ":" + blank() + i for i in items) + "}"


def string(rng):
    pieces = ["a", "Z", " ", "é", "漢", "😀", "\u007f", "\u0085", "\ufffd", "\\n", "\\\"", "\\\\", "\\/",
              "\\u0000", "\\u00e9", "\\uD83D\\uDE00", "\\ud800", "\\udc80", "{", "}", "[", "]", ",", ":",
              "\",\"".replace('"', "'"), "chain", "rollcall"]
    return '"' + "".join(rng.choice(pieces) for _ in range(rng.randrange(8))) + '"'


def documents():
    rng = random.Random(8259)
    for _ in range(250):
        yield "accept", value(rng, 0)


def mutants(oracle):
    """Random documents with one byte lost, doubled or exchanged; the oracle says what they are."""
    rng = random.Random(4627)
    for _ in range(400):
        text = bytearray(value(rng, 0).encode())
        at = rng.randrange(len(text))
        what = rng.randrange(3)
        if what == 0:
            del text[at]
        elif what == 1:
            text.insert(at, text[at])
        else:
            text[at] = rng.choice(b'{}[],:"\\0123456789.eE+-tfn \n\t\x00\x1f\x80\xff')
        yield "accept" if oracle(bytes(text)) else "reject", bytes(text)


def cases(oracle):
    groups = [("number", numbers()), ("literal", literals()), ("escape", escapes()),
              ("byte", raw_bytes()), ("utf8", utf8()), ("structure", structure()), ("depth", depth()),
              ("document", documents()), ("mutant", mutants(oracle))]
    for name, group in groups:
        for number, (verdict, document) in enumerate(group, 1):
            if isinstance(document, str):
                document = document.encode("utf-8", "surrogatepass")
            yield f"{name} {number}", verdict, document
