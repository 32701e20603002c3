"""Programs that are configured, started, and end: what handler and agent have in common."""
# pylint: disable=not-callable,missing-function-docstring
import json

from behave import given, then, when

from world import configure


@given("its configuration may not be read")
def not_readable(context):
    context.world.write(context.file, json.dumps(context.values), mode=0)


@given('its configuration sets "{key}" to "{value}"')
def sets(context, key, value):
    configure(context, context.program, context.file, {**context.values, key: value})


@given('its configuration lacks "{key}"')
def lacks(context, key):
    left = {k: v for k, v in context.values.items() if k != key}
    assert left != context.values, f"{key} was not set"
    configure(context, context.program, context.file, left)


# ---- the handler, as a web server would start it

def handler_values(context):
    return {"records_dir": context.world.path("records"),
            "tokens_file": context.world.path("tokens")}


@given("a handler without a configuration")
def no_handler_configuration(context):
    context.program, context.file = "rollcall-handler", "handler.json"


@given("a configured handler")
def configured_handler(context):
    configure(context, "rollcall-handler", "handler.json", handler_values(context))


@given("its storage directory is to be made below a file")
def storage_below_a_file(context):
    context.world.write("a-file", "")
    configure(context, "rollcall-handler", "handler.json",
              {**handler_values(context), "records_dir": context.world.path("a-file", "records")})


@when("the handler starts")
def handler_starts(context):
    world = context.world
    context.ended = world.run(world.path("rollcall-handler"), REQUEST_METHOD="GET",
                              PATH_INFO="/healthz", REMOTE_ADDR="127.0.0.1",
                              ROLLCALL_CONFIG=world.path("handler.json"))


# ---- how it ended

@then("it ends with {code:d}")
def ends_with(context, code):
    assert context.ended.returncode == code, context.ended


@then('it ends with {code:d} and one line that names "{word}"')
def ends_with_one_line(context, code, word):
    ends_with(context, code)
    assert context.ended.stderr.count("\n") == 1 and word in context.ended.stderr, context.ended
    assert not context.ended.stdout, context.ended


@then('it ends with {code:d} and says "{word}"')
def ends_and_says(context, code, word):
    ends_with(context, code)
    assert word in context.ended.stdout + context.ended.stderr, context.ended
