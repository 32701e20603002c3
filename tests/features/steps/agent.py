"""rollcall-agent with listings."""
# pylint: disable=not-callable,missing-function-docstring
import glob
import gzip
import json
import os
import re
import types

from behave import given, then, when

from world import UUID, Collector, configure, wait_until

# As psutil.Process.as_dict() names them.
MEMBERS = set("""cmdline connections cpu_affinity cpu_num cpu_percent cpu_times create_time cwd
    environ exe gids io_counters ionice memory_full_info memory_info memory_maps memory_percent
    name nice num_ctx_switches num_fds num_threads open_files pid ppid status terminal threads
    uids username""".split())


@given("an agent without a configuration")
def no_agent_configuration(context):
    context.program, context.file = "rollcall-agent", "agent.json"


@given("an agent for listings")
def agent(context):
    world = context.world
    if not context.collector:
        context.collector = Collector(world)          # none listens there yet
        context.collector.make_certificate()
    world.write("token", context.collector.token + "\n", mode=0o600)
    configure(context, "rollcall-agent", "agent.json", {
        "url": context.collector.url("/api/v1/record"), "token_file": world.path("token"),
        "cacert": context.collector.certificate, "uuid": UUID, "format": "record",
        "spool": world.path("spool")})


@given("its token can be read by others")
def token_open(context):
    os.chmod(context.world.path("token"), 0o644)


@when("the agent reports")
def reports(context):
    world = context.world
    context.ended = world.run(world.path("rollcall-agent"), "--config", world.path("agent.json"))


@when("the agent stays, reporting every {period}")
def stays(context, period):
    world = context.world
    context.agent = world.start("agent", world.path("rollcall-agent"), "--config",
                                world.path("agent.json"), "--every", period)


@when("the agent is told to stop")
def stops(context):
    code = context.world.end(context.agent)
    context.ended = types.SimpleNamespace(returncode=code, log=context.world.read("agent.log"))


# ---- the collector, seen from here

@when("the collector goes away until {count:d} listings wait")
def goes_away(context, count):
    context.world.end(context.collector.server)
    wait_until(f"{count} listings in the spool", lambda: len(spooled(context)) >= count)
    context.waited = wait_until("the spool, whole", lambda: waiting(context))


@when("the collector comes back")
def comes_back(context):
    context.collector.serve()


def spooled(context):
    return glob.glob(context.world.path("spool", "*.gz"))


def waiting(context):
    """The names that the listings in the spool will be stored under; None while one is renamed."""
    names = []
    try:
        for name in spooled(context):
            with gzip.open(name, "rt", encoding="utf-8") as f:
                listing = json.load(f)
            names.append(f"{listing['uuid']}_{listing['timestamp']}.json")
    except FileNotFoundError:
        return None
    return names


@then("nothing is left in its spool")
def spool_empty(context):
    assert not spooled(context), spooled(context)


@then("the listings that waited are stored, each once")
def waited_stored(context):
    stored = [os.path.basename(name) for name in context.collector.listings()]
    for name in context.waited:
        assert stored.count(name) == 1, (name, stored)


# ---- the latest listing

@then("the latest listing carries the uuid of the agent")
def carries_uuid(context):
    context.name, context.content = context.collector.latest()
    assert os.path.basename(context.name).startswith(UUID + "_"), context.name


@then("its timestamp has ten digits, a dot and seven decimals")
def timestamp_form(context):
    assert re.search(r"_\d{10}\.\d{7}\.json$", context.name), context.name


@then("each of its processes has the members of psutil")
def members(context):
    assert context.content
    for process in context.content:
        assert set(process) == MEMBERS, process


@then("the memory_info of its processes is as psutil has it")
def memory_info(context):
    known = [p["memory_info"] for p in context.content if p["memory_info"] is not None]
    assert known, "null for all"
    for numbers in known:                             # rss vms shared text lib data dirty
        assert len(numbers) == 7 and all(isinstance(n, int) for n in numbers), numbers


@then("the agent itself is among its processes")
def itself(context):
    assert [p for p in context.content if p["name"] == "rollcall-agent" and p["memory_info"]]
