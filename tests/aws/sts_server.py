"""sts_server PORT_FILE CONFIG LOG: a stand-in for STS. It answers AssumeRole with keys from CONFIG, read for each request.

CONFIG is JSON: region, access_key, secret_key and session_token, with which the caller must sign; role, the only ARN that
it assumes; and answer, the keys (AccessKeyId, SecretAccessKey, SessionToken) with their Expiration. status answers that
status instead. Each request is a line of LOG: its parameters, sorted.
"""
import http.server
import json
import os
import sys
import urllib.parse

import ssm_server


class Sts(http.server.BaseHTTPRequestHandler):
    def log_message(self, format, *args):  # pylint: disable=redefined-builtin
        pass

    def answer(self, status, text):
        self.send_response(status)
        self.send_header("Content-Type", "text/xml")
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    def refuse(self, status, code, message):
        self.answer(status, f"<ErrorResponse><Error><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>")

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with open(sys.argv[2], encoding="utf-8") as f:
            config = json.load(f)
        form = dict(urllib.parse.parse_qsl(body.decode()))
        with open(sys.argv[3], "a", encoding="utf-8") as log:
            log.write(" ".join(f"{name}={form[name]}" for name in sorted(form)) + "\n")
        try:
            ssm_server.authorise(config, self.headers, body, "sts")
        except ssm_server.Fault as fault:
            return self.refuse(403, *fault.args)
        if config.get("status"):
            return self.refuse(config["status"], "ServiceUnavailable", "try again")
        if form["Action"] != "AssumeRole" or form["RoleArn"] != config["role"]:
            return self.refuse(403, "AccessDenied", f"not authorized to perform: sts:AssumeRole on {form['RoleArn']}")
        keys = "".join(f"<{name}>{value}</{name}>" for name, value in config["answer"].items())
        return self.answer(200, "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult>"
                                f"<Credentials>{keys}</Credentials></AssumeRoleResult></AssumeRoleResponse>")


def main():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Sts)
    with open(sys.argv[1] + ".new", "w", encoding="utf-8") as f:
        f.write(str(server.server_port))
    os.rename(sys.argv[1] + ".new", sys.argv[1])
    server.serve_forever()


main()
