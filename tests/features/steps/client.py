"""The client in Python, unchanged: what it is told, and what it sees."""
# pylint: disable=not-callable,missing-function-docstring
import json
import os
import sys

from behave import given, then, when

from world import UUID

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def write(context, **values):
    context.client.update(values)
    context.world.write("client.json", json.dumps(context.client))


@given("the client in Python")
def client(context):
    context.client = {}
    context.script = context.world.copy(HERE, "python_client.py")
    write(context, url=context.collector.url(""), token=context.collector.token, uuid=UUID,
          cert=context.collector.certificate)


@given("the client has the token {token}")
def has_token(context, token):
    write(context, token=token)


@given("it knows another certificate")
def other_certificate(context):
    context.collector.make_certificate("other")
    write(context, cert=context.world.path("other", "cert.pem"))


def call(context, action):
    context.ended = context.world.run(sys.executable, context.script,
                                      context.world.path("client.json"), action)
    if context.ended.returncode == 0:
        context.seen = json.loads(context.ended.stdout)


@when("the client reports")
def reports(context):
    call(context, "report")


@then("the client sees success")
def success(context):
    assert context.ended.returncode == 0, context.ended
    assert (context.seen["status"], context.seen["body"]["status"]) == (200, "success"), context.seen


@then("the client sees that the count is {count:d}")
def sees_count(context, count):
    call(context, "count")
    success(context)
    assert context.seen["body"]["data"]["count"] == count, context.seen


@then("the client sees its own listing as the latest")
def sees_latest(context):
    call(context, "latest")
    success(context)
    sent = json.loads(context.world.read("sent.json"))
    data = context.seen["body"]["data"]
    assert data["filename"].endswith(f"/{UUID}_{sent['timestamp']}.json"), data["filename"]
    assert data["content"] == sent["data"]


@then('the client is refused with {status:d} and "{reason}"')
def refused(context, status, reason):
    assert context.ended.returncode == 0, context.ended
    assert context.seen["status"] == status, context.seen
    assert context.seen["body"] == {"status": "fail", "data": {"reason": reason}}, context.seen


@then("the client does not trust the collector")
def no_trust(context):
    assert context.ended.returncode == 2, context.ended
