"""A collector over TLS, and what it says."""
# pylint: disable=not-callable,missing-function-docstring
import datetime
import json
import os
import re

from behave import given, then, when

from world import TOKEN, UUID, Collector, wait_until

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
with open(os.path.join(HERE, "listing.json"), encoding="utf-8") as example:
    LISTING = json.load(example)


def collector(context, token=TOKEN, as_shipped=False, **config):
    if not context.collector:
        context.collector = Collector(context.world, token)
    context.collector.config.update(config)
    context.collector.start(as_shipped)


@given("a collector")
def started(context):
    collector(context)


@given("a collector as it is shipped")
def as_it_is_shipped(context):
    collector(context, as_shipped=True)


@given("a collector that knows the token {token}")
def knows_token(context, token):
    collector(context, token)


@given("a collector whose disk is full")
def full(context):
    collector(context, min_free_bytes=1 << 50)


@given("a collector whose storage directory cannot be written to")
def not_writable(context):
    collector(context)
    os.makedirs(os.path.join(context.collector.records, "record"))
    os.chmod(os.path.join(context.collector.records, "record"), 0o555)


@given("a storage directory with the listing of a day that is past")
def past_listing(context):
    day = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=3)
    context.past = os.path.join("record", day.strftime("%Y-%m-%d"), f"{UUID}_1593338571.1234567.json")
    os.makedirs(os.path.dirname(context.world.path("records", context.past)))
    context.world.write(os.path.join("records", context.past), '[{"pid":1}]\n')


# ---- what is sent

def post(context, listing, **token):
    context.listing = listing
    context.answer = context.collector.ask("POST", "/api/v1/record", body=listing,
                                           **{"token": context.collector.token, **token})


@when("a listing is posted")
def posted(context):
    post(context, LISTING)


@when("the same listing is posted again")
def posted_again(context):
    post(context, context.listing)


@when("other data is posted under its uuid and timestamp")
def posted_other(context):
    kept = context.listing
    post(context, {**kept, "data": [{"pid": 2}]})
    context.listing = kept


@when('a listing is posted with the uuid "{uuid}"')
def posted_uuid(context, uuid):
    post(context, {**LISTING, "uuid": uuid})


@when('a listing is posted with the token "{token}"')
def posted_token(context, token):
    post(context, LISTING, token=token)


@when("a listing is posted without a token")
def posted_without(context):
    post(context, LISTING, token=None)


@when("the count is asked for")
def count_asked(context):
    context.answer = context.collector.get("/api/test/count")


@when("a record is posted")
def record_posted(context):
    context.answer = context.collector.ask("POST", "/data", context.collector.token, {
        "hostname": "feature", "processor": "", "processes": [{"pid": 1, "cmd": "init"}], "users": [], "os_name": "Linux", "os_ver": "6.1"})


@when("the hosts are asked for")
def hosts_asked(context):
    context.answer = context.collector.get("/api/v1/hosts")


# ---- what is answered

@then('the host "{name}" is {state}')
def host_is(context, name, state):
    hosts = jsend(context, 200, "success")["data"]["hosts"]
    assert [(h["hostname"], h["state"]) for h in hosts] == [(name, state)], context.answer.text


@then("the answer is {status:d}")
def answer_is(context, status):
    assert context.answer.status_code == status, (context.answer.status_code, context.answer.text)


def jsend(context, status, word):
    answer_is(context, status)
    assert context.answer.headers["Content-Type"] == "application/json", context.answer.headers
    body = context.answer.json()
    assert body["status"] == word, body
    return body


@then('the answer is {status:d} and the reason "{reason}"')
def answer_reason(context, status, reason):
    assert jsend(context, status, "fail")["data"]["reason"] == reason, context.answer.text


@then("the answer is {status:d} with the uuid and the timestamp of the listing")
def answer_listing(context, status):
    own = {name: context.listing[name] for name in ("uuid", "timestamp")}
    assert jsend(context, status, "success")["data"] == own, context.answer.text


@then("the answer is {status:d} and the message names the file that could not be written")
def answer_message(context, status):
    name = f"{context.listing['uuid']}_{context.listing['timestamp']}.json"
    assert re.fullmatch(rf"Could not write to record/\d{{4}}-\d\d-\d\d/{re.escape(name)}",
                        jsend(context, status, "error")["message"]), context.answer.text


@then("the count is {count:d}")
def count_is(context, count):
    count_asked(context)
    assert jsend(context, 200, "success")["data"] == {"count": count}, context.answer.text


@then("the count grows to at least {count:d}")
def count_grows(context, count):
    wait_until(f"a count of {count}",
               lambda: context.world.still_runs() and context.collector.count() >= count)


@then("there is no latest listing")
def no_latest(context):
    context.answer = context.collector.get("/api/test/latest")
    jsend(context, 404, "fail")


@then('the latest listing is that of the uuid "{uuid}"')
def latest_is(context, uuid):
    name, content = context.collector.latest()
    assert os.path.basename(name).startswith(uuid + "_"), name
    assert content == context.listing["data"], content


# ---- what is stored

@then("the data of the listing is stored, equal as JSON, under its uuid and timestamp")
def is_stored(context):
    names = context.collector.listings()
    assert len(names) == 1, names
    assert re.fullmatch(r"record/\d{4}-\d\d-\d\d/", os.path.dirname(names[0]) + "/"), names
    assert os.path.basename(names[0]) == "{uuid}_{timestamp}.json".format(**context.listing), names
    assert context.collector.listing(names[0]) == context.listing["data"]


@then("nothing is stored")
def nothing_stored(context):
    stored = [os.path.join(folder, name) for folder, _, names in os.walk(context.collector.records)
              for name in names]
    assert not stored, stored


@then("the storage directory is closed to others")
def closed(context):
    for folder, _, names in os.walk(context.collector.records):
        for name in ["", *names]:
            path = os.path.join(folder, name)
            if not os.path.islink(path):
                assert os.stat(path).st_mode & 0o007 == 0, path


@then("the listing of the day that is past is as it was")
def past_as_it_was(context):
    assert context.collector.listing(context.past) == [{"pid": 1}]
