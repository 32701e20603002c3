"""ssm_server CONFIG PORT [CERT KEY]: a stand-in for the AWS services that rollcall calls; SSM's commands really run.

Systems Manager speaks JSON 1.1 (X-Amz-Target: AmazonSSM.…); CloudFormation, EC2 and CloudWatch speak the query
protocol. Requests without a correct Signature Version 4 are refused. Each request is a line on standard output:
"call SERVICE OPERATION RESOURCE…"; SignalResource is a line of its own, too. SendCommand's resources are the document and
"INSTANCE,TAG=VALUE,…" of each instance that it reaches. CONFIG is JSON:

    {"region": "eu-central-1", "access_key": "…", "secret_key": "…", "session_token": "…" or null,
     "parameters": {"/rollcall/token": "…"}, "documents": {"rollcall-run": "path.yaml"},
     "instances": {"i-0123456789abcdef0": {"root": "/chroot", "name": "web1", "tags": {"rollcall": "on"}, "ping": "Online"}},
     "volumes": {"vol-0123456789abcdef0": {"zone": "eu-central-1a", "instance": null}},
     "refused": ["/rollcall/old"], "prefix": ["ip", "netns", "exec", "x"], "page": 2}

A command's document runs in each target's root file system, at most MaxConcurrency at once.
Prints "ready" when it answers.
"""
import concurrent.futures
import hashlib
import hmac
import http.server
import json
import pathlib
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


def authorise(config, headers, body, service=None):
    given = re.fullmatch(r"AWS4-HMAC-SHA256 Credential=([^/]+)/([^,]+), ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})",
                         headers.get("Authorization", ""))
    if not given:
        raise Fault("MissingAuthenticationTokenException", "Missing Authentication Token")
    service = service or headers["Host"].partition(".")[0]
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
    if request["Name"] in config.get("refused", []):
        raise Fault("AccessDeniedException", "The ciphertext refers to a KMS key that you are not allowed to use.")
    if request["Name"] not in config["parameters"]:
        raise Fault("ParameterNotFound", "")
    return {"Parameter": {"Name": request["Name"], "Type": "SecureString", "Value": config["parameters"][request["Name"]]}}


def save(config):
    with open(Handler.config_path, "w", encoding="utf-8") as f:
        json.dump(config, f)


def put_parameter(config, request):
    if request["Name"] in config["parameters"]:
        raise Fault("ParameterAlreadyExists", "The parameter already exists.")
    if request["Type"] != "SecureString" or not request.get("KeyId"):
        raise Fault("ValidationException", "not a secret")
    config["parameters"][request["Name"]] = request["Value"]
    save(config)
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


def targeted(config, request):
    filters = request.get("Targets") or [{"Key": "InstanceIds", "Values": request["InstanceIds"]}]
    return [name for name, one in config["instances"].items() if one["ping"] == "Online" and matches(name, one, filters)]


def named(config, call, request):
    """The resources of a call."""
    if call == "SendCommand":
        reached = [",".join([name, *(f"{key}={value}" for key, value in config["instances"][name]["tags"].items())])
                   for name in targeted(config, request)]
        return [request["DocumentName"], *reached]
    return [request.get("Name", "")]


def send_command(config, request):
    if request["DocumentName"] not in config["documents"]:
        raise Fault("InvalidDocument", "")
    document = ssm_document.load(config["documents"][request["DocumentName"]])
    given = {name: value[0] for name, value in request.get("Parameters", {}).items()}
    try:
        ssm_document.values(document, given)
    except ssm_document.Refused as why:
        raise Fault("InvalidParameters", str(why)) from why
    targets = targeted(config, request)
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


def volume_xml(name, volume):
    attachment = f"<item><instanceId>{volume['instance']}</instanceId></item>" if volume["instance"] else ""
    return (f"<item><volumeId>{name}</volumeId><availabilityZone>{volume['zone']}</availabilityZone>"
            f"<status>{'in-use' if attachment else 'available'}</status><attachmentSet>{attachment}</attachmentSet></item>")


def describe_volumes(config, form):
    name = form["VolumeId.1"]
    if name not in config["volumes"]:
        raise Fault("InvalidVolume.NotFound", f"The volume '{name}' does not exist.")
    return f"<volumeSet>{volume_xml(name, config['volumes'][name])}</volumeSet>"


def attach_volume(config, form):
    volume = config["volumes"][form["VolumeId"]]
    if volume["instance"]:
        raise Fault("VolumeInUse", f"{form['VolumeId']} is already attached to an instance")
    volume["instance"] = form["InstanceId"]
    save(config)
    return f"<volumeId>{form['VolumeId']}</volumeId><status>attaching</status>"


def signal_resource(_, form):
    print(form["Action"], form["StackName"], form["LogicalResourceId"], form["UniqueId"], form["Status"], flush=True)
    return ""


def put_metric_data(_, form):
    print("metric", form["Namespace"], form["MetricData.member.1.MetricName"], form["MetricData.member.1.Value"], flush=True)
    return ""


# The query protocol's operations: what answers, and the fields that name the resources.
QUERIES = {"SignalResource": (signal_resource, ["StackName"]), "DescribeVolumes": (describe_volumes, []),
           "AttachVolume": (attach_volume, ["VolumeId", "InstanceId"]), "PutMetricData": (put_metric_data, ["Namespace"]),
           "AssociateAddress": (lambda *_: "<associationId>eipassoc-1</associationId>", ["AllocationId", "InstanceId"])}


class Handler(http.server.BaseHTTPRequestHandler):
    config_path = None

    def log_message(self, format, *args):  # pylint: disable=redefined-builtin
        pass

    def do_GET(self):
        """A public bucket: the files below the folder that "files" names."""
        with open(self.config_path, encoding="utf-8") as f:
            path = pathlib.Path(json.load(f)["files"] + self.path)
        return self.answer(200, "binary/octet-stream", path.read_bytes()) if path.is_file() else self.answer(404, "text/xml", b"")

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with open(self.config_path, encoding="utf-8") as f:
            config = json.load(f)
        service = self.headers["Host"].partition(".")[0]
        if service in ("cloudformation", "ec2", "monitoring"):
            return self.query(service, config, body)
        call = self.headers.get("X-Amz-Target", "").removeprefix("AmazonSSM.")
        try:
            authorise(config, self.headers, body)
            request = json.loads(body)
            print("call", service, call, *named(config, call, request), flush=True)
            with LOCK:
                answer, status = CALLS[call](config, request), 200
        except Fault as fault:
            answer, status = {"__type": fault.args[0], "message": fault.args[1]}, 400
        return self.answer(status, "application/x-amz-json-1.1", json.dumps(answer).encode())

    def query(self, service, config, body):
        """The query protocol: a form in, XML out."""
        form = dict(urllib.parse.parse_qsl(body.decode()))
        action = form["Action"]
        try:
            authorise(config, self.headers, body)
            operation, resources = QUERIES[action]
            print("call", service, action, *(form[name] for name in resources), flush=True)
            with LOCK:
                inside = operation(config, form)
            result = f"<{action}Result>{inside}</{action}Result>" if service != "ec2" else inside
            return self.answer(200, "text/xml", f"<{action}Response>{result}</{action}Response>".encode())
        except Fault as fault:
            error = f"<Error><Code>{fault.args[0]}</Code><Message>{fault.args[1]}</Message></Error>"
            wrapped = f"<Response><Errors>{error}</Errors></Response>" if service == "ec2" else f"<ErrorResponse>{error}</ErrorResponse>"
            return self.answer(403, "text/xml", wrapped.encode())

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


if __name__ == "__main__":
    main()
