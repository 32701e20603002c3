"""behave's hooks: each scenario has a world of its own, and leaves nothing behind."""
import os
import shutil

from world import BUILD, World

os.environ["PATH"] += ":/usr/sbin:/sbin"
for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
    os.environ.pop(name, None)
    os.environ.pop(name.upper(), None)
NEEDED = ("lighttpd", "spawn-fcgi", "multiwatch", "setpriv")
MOD_OPENSSL = "/usr/lib/lighttpd/mod_openssl.so"


def before_all(_):
    assert os.path.exists(os.path.join(BUILD, "rollcall-handler")), f"nothing in {BUILD}: run make"


def before_scenario(context, scenario):
    missing = [program for program in NEEDED if not shutil.which(program)]
    missing += [] if os.path.exists(MOD_OPENSSL) else ["lighttpd-mod-openssl"]
    if missing:
        scenario.skip(f"needs {', '.join(missing)}")
        return
    context.world = World()
    context.collector = context.machines = None


def after_scenario(context, scenario):
    if "world" not in context:
        return
    if scenario.status == "failed":
        print(context.world.logs(), end="")
    context.world.stop()
    if context.machines:
        context.machines.drop()
