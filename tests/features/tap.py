"""A formatter of behave's that writes TAP: a line a scenario, and why, where one failed."""
from behave.formatter.base import Formatter


class TapFormatter(Formatter):
    def __init__(self, stream_opener, config):
        super().__init__(stream_opener, config)
        self.stream = self.open()
        self.current, self.number = None, 0

    def feature(self, feature):
        self.current = feature

    def eof(self):
        for scenario in self.current.walk_scenarios():
            self.report(scenario)
        self.stream.flush()

    def report(self, scenario):
        self.number += 1
        failed = [step for step in scenario.all_steps if step.status.name in ("failed", "undefined")]
        good = scenario.status.name in ("passed", "skipped")
        skipped = f" # SKIP {scenario.skip_reason}" if scenario.status.name == "skipped" else ""
        # A '#' in a name would begin a directive.
        name = f"{self.current.name}: {scenario.name}".replace("#", "\\#")
        self.stream.write(f"{'ok' if good else 'not ok'} {self.number} - {name}{skipped}\n")
        for step in [] if good else failed or [scenario]:
            text = f"{step.keyword} {step.name}\n{step.error_message or step.status.name}"
            self.stream.write("".join(f"#   {line}\n" for line in text.splitlines()))

    def close(self):
        self.stream.write(f"1..{self.number}\n")
        super().close()
