"""ssm_server CONFIG PORT [CERT KEY]: what rollcall asks of AWS Systems Manager, for tests; the commands really run.

Speaks the service's JSON 1.1 protocol (X-Amz-Target: AmazonSSM.…) and refuses what is not signed rightly
(Signature Version 4). CloudFormation's SignalResource is here, too: its words go to standard output. CONFIG is JSON:

    {"region": "eu-central-1", "access_key": "…", "secret_key": "…", "session_token": "…" or null,
     "parameters": {"/rollcall/token": "…"}, "documents": {"rollcall-run": "path.yaml"},
     "instances": {"i-0123456789abcdef0": {"root": "/chroot", "name": "web1", "tags": {"rollcall": "on"}, "ping": "Online"}},
     "prefix": ["ip", "netns", "exec", "x"], "page": 2}

A command's document runs in each target's root file system, as many at once as MaxConcurrency says.
Prints "ready" when it answers.
"""
import concurrent.futures
import hashlib
import hmac
import http.server
import json
import re
import ssl
import sys
import threading
import time
import urllib.parse
import uuid

import ssm_document

ENDED = ("Success", "Failed", "TimedOut", "Cancelled")
COMMANDS = {}
LOCK = threading.Lock()


class Fault(Exception):
    """An error of the service: its name and message."""


def digest(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def signature(config, service, headers, signed, body, date):
    """AWS Signature Version 4 of a POST to /: "Create a signed AWS API request" in the IAM user guide."""
    lines = "".join(f"{name}:{' '.join(headers.get(name, '').split())}\n" for name in signed)
    canonical = "\n".join(["POST", "/", "", lines, ";".join(signed), hashlib.sha256(body).hexdigest()])
    scope = f"{date[:8]}/{config['region']}/{service}/aws4_request"
    text = "\n".join(["AWS4-HMAC-SHA256", date, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = b"AWS4" + config["secret_key"].encode()
    for part in scope.split("/"):
        key = digest(key, part)
    return digest(key, text).hex(), scope


def authorise(config, headers, body):
    given = re.fullmatch(r"AWS4-HMAC-SHA256 Credential=([^/]+)/([^,]+), ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})",
                         headers.get("Authorization", ""))
    if not given:
        raise Fault("MissingAuthenticationTokenException", "Missing Authentication Token")
    service = headers["Host"].partition(".")[0]
    wanted, scope = signature(config, service, headers, given[3].split(";"), body, headers.get("X-Amz-Date", ""))
    if given[1] != config["access_key"] or headers.get("X-Amz-Security-Token") != config.get("session_token"):
        raise Fault("UnrecognizedClientException", "The security token included in the request is invalid.")
    if given[2] != scope or not hmac.compare_digest(given[4], wanted):
        raise Fault("InvalidSignatureException", "The request signature we calculated does not match the signature you provided.")


def matches(instance_id, instance, filters):
    for one in filters:
        key, values = one["Key"], one["Values"]
        value = instance_id if key == "InstanceIds" else instance["tags"].get(key.removeprefix("tag:"))
        if value not in values:
            return False
    return True


def page(config, request, items):
    size, start = config.get("page", 50), int(request.get("NextToken", "0"))
    more = {"NextToken": str(start + size)} if start + size < len(items) else {}
    return items[start:start + size], more


def get_parameter(config, request):
    if request["Name"] not in config["parameters"]:
        raise Fault("ParameterNotFound", "")
    return {"Parameter": {"Name": request["Name"], "Type": "SecureString", "Value": config["parameters"][request["Name"]]}}


def put_parameter(config, request):
    if request["Name"] in config["parameters"]:
        raise Fault("ParameterAlreadyExists", "The parameter already exists.")
    if request["Type"] != "SecureString" or not request.get("KeyId"):
        raise Fault("ValidationException", "not a secret")
    config["parameters"][request["Name"]] = request["Value"]
    with open(Handler.config_path, "w", encoding="utf-8") as f:
        json.dump(config, f)
    return {"Version": 1, "Tier": "Standard"}


def describe_instance_information(config, request):
    found = [{"InstanceId": name, "PingStatus": one["ping"], "ComputerName": one.get("name", "")}
             for name, one in config["instances"].items() if matches(name, one, request.get("Filters", []))]
    part, more = page(config, request, found)
    return {"InstanceInformationList": part, **more}


def how_many(text, total):
    return max(1, total * int(text[:-1]) // 100) if text.endswith("%") else int(text)


def run_one(config, command, instance_id):
    invocation = command["invocations"][instance_id]
    if command["errors"] > command["max_errors"]:
        invocation.update(Status="Terminated")
        return
    invocation.update(Status="InProgress")
    plugins = invocation["CommandPlugins"]

    def show(name, status, code, output):
        plugins.append({"Name": name, "Status": status, "ResponseCode": code, "Output": output[:2500]})

    status, _, _ = ssm_document.run(command["document"], config["instances"][instance_id]["root"], command["given"],
                                    config.get("prefix", ()), show)
    command["errors"] += status != "Success"
    invocation.update(Status=status)


def send_command(config, request):
    if request["DocumentName"] not in config["documents"]:
        raise Fault("InvalidDocument", "")
    document = ssm_document.load(config["documents"][request["DocumentName"]])
    given = {name: value[0] for name, value in request.get("Parameters", {}).items()}
    try:
        ssm_document.values(document, given)
    except ssm_document.Refused as why:
        raise Fault("InvalidParameters", str(why)) from why
    filters = request.get("Targets") or [{"Key": "InstanceIds", "Values": request["InstanceIds"]}]
    targets = [name for name, one in config["instances"].items() if one["ping"] == "Online" and matches(name, one, filters)]
    command_id = str(uuid.uuid4())
    total = len(targets)
    command = {"document": document, "given": given, "errors": 0, "at": time.time(), "targets": request.get("Targets", []),
               "max_errors": how_many(request.get("MaxErrors", "0"), total),
               "invocations": {name: {"CommandId": command_id, "InstanceId": name, "Status": "Pending", "CommandPlugins": []}
                               for name in targets}}
    COMMANDS[command_id] = command
    pool = concurrent.futures.ThreadPoolExecutor(how_many(request.get("MaxConcurrency", "50"), total or 1))
    for name in targets:
        pool.submit(run_one, config, command, name)
    return {"Command": {"CommandId": command_id, "Status": "Pending"}}


def list_commands(_, request):
    command = COMMANDS.get(request.get("CommandId"))
    if command is None:
        raise Fault("InvalidCommandId", "")
    states = [one["Status"] for one in command["invocations"].values()]
    done = [state for state in states if state in ENDED + ("Terminated",)]
    status = "InProgress" if len(done) < len(states) else "Failed" if set(done) - {"Success"} else "Success"
    return {"Commands": [{"CommandId": request["CommandId"], "Status": status, "RequestedDateTime": command["at"],
                          "Targets": command["targets"], "TargetCount": len(states), "CompletedCount": len(done),
                          "ErrorCount": command["errors"]}]}


def list_command_invocations(config, request):
    part, more = page(config, request, list(COMMANDS[request["CommandId"]]["invocations"].values()))
    return {"CommandInvocations": part, **more}


CALLS = {"GetParameter": get_parameter, "PutParameter": put_parameter, "DescribeInstanceInformation": describe_instance_information,
         "SendCommand": send_command, "ListCommands": list_commands,
         "ListCommandInvocations": list_command_invocations}


class Handler(http.server.BaseHTTPRequestHandler):
    config_path = None

    def log_message(self, format, *args):  # pylint: disable=redefined-builtin
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers["Host"].startswith("cloudformation."):
            return self.signal(body)
        call = self.headers.get("X-Amz-Target", "").removeprefix("AmazonSSM.")
        with open(self.config_path, encoding="utf-8") as f:
            config = json.load(f)
        try:
            authorise(config, self.headers, body)
            with LOCK:
                answer, status = CALLS[call](config, json.loads(body)), 200
        except Fault as fault:
            answer, status = {"__type": fault.args[0], "message": fault.args[1]}, 400
        return self.answer(status, "application/x-amz-json-1.1", json.dumps(answer).encode())

    def signal(self, body):
        """SignalResource, in the query protocol that CloudFormation speaks."""
        with open(self.config_path, encoding="utf-8") as f:
            config = json.load(f)
        try:
            authorise(config, self.headers, body)
        except Fault as fault:
            return self.answer(403, "text/xml", f"<ErrorResponse><Error><Code>{fault.args[0]}</Code></Error></ErrorResponse>".encode())
        form = dict(urllib.parse.parse_qsl(body.decode()))
        print(form["Action"], form["StackName"], form["LogicalResourceId"], form["UniqueId"], form["Status"], flush=True)
        return self.answer(200, "text/xml", b"<SignalResourceResponse><ResponseMetadata/></SignalResourceResponse>")

    def answer(self, status, kind, text):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)


def main():
    Handler.config_path = sys.argv[1]
    server = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[2])), Handler)
    if len(sys.argv) > 3:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[3], sys.argv[4])
        server.socket = context.wrap_socket(server.socket, server_side=True)
    print("ready", flush=True)
    server.serve_forever()


main()
