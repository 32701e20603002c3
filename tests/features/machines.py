"""machines: fresh Debians for one scenario, chroots made by tests/lib/chroot.bash, and Ansible plays.

There is no systemd in them: what a play leaves behind is started by hand. drop() ends whatever runs
in there, and removes them.
"""
import json
import os
import shutil
import subprocess
import tempfile

from world import BUILD, REPO

CHROOT = os.path.join(REPO, "tests", "lib", "chroot.bash")
PLAYS = os.path.join(REPO, "scripts", "ansible")
SKIPPED = 77


class Unavailable(Exception):
    """Nothing of the kind can be made here, and why."""


class Machines:
    def __init__(self):
        for program in ("ansible-playbook", "debootstrap"):
            if not shutil.which(program):
                raise Unavailable(f"{program} is not installed")
        self.dir = tempfile.mkdtemp(prefix="rollcall-machines.")
        self.roots, self.started = {}, []

    def chroot(self, function, *arguments, **options):
        """A function of chroot.bash."""
        script = f'skip() {{ echo "$1"; exit {SKIPPED}; }}; . "{CHROOT}"; T={self.dir}; "$@"; echo "$ROOT"'
        return subprocess.run(["bash", "-c", script, "bash", function, *arguments],
                              stdout=subprocess.PIPE, text=True, check=False, **options)

    def new(self, name, *packages):
        done = self.chroot("chroot_needs")
        if done.returncode == 0:
            self.roots[name] = os.path.join(self.dir, name)
            done = self.chroot("chroot_new", name, *packages)
        if done.returncode == SKIPPED:
            raise Unavailable(done.stdout.strip())
        assert os.path.isdir(os.path.join(self.roots[name], "etc")), done

    def path(self, name, *parts):
        return os.path.join(self.roots[name], *parts)

    def command(self, name, *command):
        return ["bash", "-c", f'. "{CHROOT}"; chroot_run "$@"', "bash", self.roots[name], *command]

    def run(self, name, *command):
        return subprocess.run(self.command(name, *command), capture_output=True, text=True,
                              timeout=120, check=False)

    def start(self, name, *command):
        with open(os.path.join(self.dir, "started.log"), "ab") as log:
            self.started.append(subprocess.Popen(self.command(name, *command), stdout=log, stderr=log))

    def play(self, groups, values, *plays):
        """groups: names of machines by name of group. Ansible's words, and whether it succeeded."""
        inventory = {group: {"hosts": {name: {"ansible_host": self.roots[name]} for name in names}}
                     for group, names in groups.items()}
        connection = {"ansible_connection": "community.general.chroot", "ansible_user": "root",
                      "ansible_python_interpreter": "/usr/bin/python3",
                      "rollcall_deb_dir": os.path.join(BUILD, "deb")}
        with open(os.path.join(self.dir, "inventory.json"), "w", encoding="utf-8") as f:
            json.dump({"all": {"children": inventory, "vars": {**connection, **values}}}, f)
        environment = {**os.environ, "ANSIBLE_NOCOLOR": "1", "ANSIBLE_PIPELINING": "1",
                       "ANSIBLE_HOME": os.path.join(self.dir, "ansible"),
                       "ANSIBLE_LOCAL_TEMP": os.path.join(self.dir, "ansible", "tmp")}
        environment.pop("PYTHONPATH", None)           # this folder's modules are not Ansible's
        return subprocess.run(["ansible-playbook", "-i", f.name,
                               *(os.path.join(PLAYS, play) for play in plays)], env=environment,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)

    def drop(self):
        self.chroot("chroot_drop", *self.roots.values())
        for process in self.started:
            process.wait()
        for root in self.roots.values():
            assert not os.path.ismount(root), f"{root} is still mounted"
        shutil.rmtree(self.dir)
