"""Ansible's plays, and what they leave behind."""
# pylint: disable=not-callable,missing-function-docstring
import glob
import json
import os
import re
import socket
import subprocess

from behave import given, then, when

from machines import Machines, Unavailable
from world import BUILD, REPO, UUID, free_port, wait_until

TOKEN = "the-token-of-the-fleet"


@given("a fresh Debian for a collector and another for a host")
def fresh(context):
    try:
        context.machines = Machines()
        context.machines.new("host", "python3")
        context.machines.new("collector", "python3", "python3-apt", "spawn-fcgi", "multiwatch", "ufw")
    except Unavailable as e:
        context.scenario.skip(str(e))
        return
    subprocess.run(["make", "-s", "-C", REPO, f"BUILD={BUILD}", "deb"], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    context.port = free_port()
    context.values = {
        "rollcall_tokens": [{"label": "hosts", "token": TOKEN}], "rollcall_token": TOKEN,
        "rollcall_bind": ["127.0.0.1"], "rollcall_names": ["localhost", "127.0.0.1"],
        "rollcall_http_port": free_port(), "rollcall_https_port": context.port,
        "rollcall_cacert": os.path.join(context.machines.dir, "collector.pem"),
        "rollcall_url": f"https://127.0.0.1:{context.port}/api/v1/record",
        "rollcall_agent": {"format": "record", "uuid": UUID}}


@when("both plays are run")
def played(context):
    context.played = context.machines.play({"collectors": ["collector"], "agents": ["host"]},
                                           context.values, "collector.yml", "agent.yml")


def recap(context, what):
    """For each machine, how many of its tasks were so."""
    found = re.findall(rf"^(\w+) +: .* ?{what}=(\d+) ", context.played.stdout, re.M)
    assert {name for name, _ in found} == {"collector", "host"}, context.played
    return {int(count) for _, count in found}


@then("no task fails")
def no_failure(context):
    assert context.played.returncode == 0, (context.played.stdout + context.played.stderr)[-3000:]
    assert recap(context, "failed") == {0}, context.played.stdout[-3000:]


@then("no task fails, and nothing is changed")
def no_change(context):
    no_failure(context)
    assert recap(context, "changed") == {0}, context.played.stdout


@when("the services of the collector are started")
def services(context):
    machines = context.machines
    machines.start("collector", "env", "ROLLCALL_WORKERS=2", "ROLLCALL_HANDLER=/usr/sbin/rollcall-handler",
                   "/usr/share/rollcall/other-servers/spawn-fcgi.sh")
    wait_until("the handlers' socket",
               lambda: os.path.exists(machines.path("collector", "run/rollcall/handler.sock")))
    machines.start("collector", "lighttpd", "-D", "-f", "/etc/lighttpd/lighttpd.conf")

    def listens():
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", context.port)) == 0
    wait_until("lighttpd", listens)


@when("the agent of the host reports")
def host_reports(context):
    done = context.machines.run("host", "runuser", "-u", "rollcall-agent", "--", "rollcall-agent")
    assert done.returncode == 0, done


@then("the collector has the listing of the host")
def has_listing(context):
    names = glob.glob(context.machines.path("collector", "var/lib/rollcall/record/*", UUID + "_*.json"))
    assert len(names) == 1, names
    with open(names[0], encoding="utf-8") as f:
        assert [process for process in json.load(f) if process["name"] == "rollcall-agent"]


@then("the token stands in no file but its own")
def token_alone(context):
    written = [context.machines.path(name) + ".tmpfs/upper" for name in ("collector", "host")]
    found = subprocess.run(["grep", "-rlF", TOKEN, *written], stdout=subprocess.PIPE, text=True,
                           check=False).stdout
    assert found == context.machines.path("host") + ".tmpfs/upper/etc/rollcall/token\n", found
    assert TOKEN not in context.played.stdout + context.played.stderr
