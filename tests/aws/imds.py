"""imds CONFIG ADDRESS PORT: the instance metadata service of EC2, version 2 only, for tests.

A session token (PUT, with a time to live of 1 to 21600 s) is needed for anything; forwarded requests and
GETs without it are refused, as "Use IMDSv2" in the EC2 user guide says. CONFIG is JSON, read again at each
request, so that credentials can be changed or expire while it runs:

    {"region": "eu-central-1", "instance_id": "i-0123456789abcdef0", "role": "collector",
     "credentials": {"AccessKeyId": "…", "SecretAccessKey": "…", "Token": "…", "Expiration": "2026-11-21T00:00:00Z"}}

Prints "ready" when it answers.
"""
import http.server
import json
import secrets
import sys
import time

SESSIONS = {}
ROLES = "/latest/meta-data/iam/security-credentials/"


def paths(config):
    role = config.get("role")
    found = {"/latest/meta-data/placement/region": config["region"],
             "/latest/meta-data/instance-id": config["instance_id"],
             "/latest/dynamic/instance-identity/document": json.dumps(
                 {"region": config["region"], "instanceId": config["instance_id"], "accountId": "123456789012"})}
    if role:
        keys = {"Code": "Success", "Type": "AWS-HMAC", "LastUpdated": "2026-01-01T00:00:00Z", **config["credentials"]}
        found |= {ROLES: role, ROLES.rstrip("/"): role, ROLES + role: json.dumps(keys, indent=2)}
    return found


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, format, *args):  # pylint: disable=redefined-builtin
        pass

    def answer(self, status, text=""):
        self.send_response(status)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    def do_PUT(self):
        seconds = self.headers.get("X-aws-ec2-metadata-token-ttl-seconds", "")
        if self.path != "/latest/api/token" or self.headers.get("X-Forwarded-For"):
            return self.answer(403 if self.headers.get("X-Forwarded-For") else 404)
        if not seconds.isdigit() or not 1 <= int(seconds) <= 21600:
            return self.answer(400)
        session = secrets.token_urlsafe(42)
        SESSIONS[session] = time.monotonic() + int(seconds)
        return self.answer(200, session)

    def do_GET(self):
        if SESSIONS.get(self.headers.get("X-aws-ec2-metadata-token"), 0) < time.monotonic():
            return self.answer(401)
        with open(sys.argv[1], encoding="utf-8") as f:
            known = paths(json.load(f))
        text = known.get(self.path.partition("?")[0])
        return self.answer(404) if text is None else self.answer(200, text)


server = http.server.ThreadingHTTPServer((sys.argv[2], int(sys.argv[3])), Handler)
print("ready", flush=True)
server.serve_forever()
