"""A store that runs are brought into, and what is in it."""

import json
import struct
import subprocess


class Store:
    """Commands of the program that is proved, over one store."""

    def __init__(self, binary, folder):
        self.binary = binary
        self.path = folder / ".mltrack"

    def command(self, *words):
        return [self.binary, "-C", str(self.path), *map(str, words)]

    def run(self, *words, exit=0):
        """The output of a command that must end like this."""
        ended = subprocess.run(self.command(*words), capture_output=True, text=True, stdin=subprocess.DEVNULL)
        assert ended.returncode == exit, f"{words}: exit {ended.returncode}, not {exit}\n{ended.stdout}\n{ended.stderr}"
        return ended.stdout if exit in (0, 7) else ended.stderr

    def feed(self, text, *words):
        """Runs a command that reads this."""
        ended = subprocess.run(self.command(*words), capture_output=True, text=True, input=text)
        assert ended.returncode == 0, f"{words}: exit {ended.returncode}\n{ended.stderr}"

    def bring(self, *words, exit=0):
        """What an import says it did."""
        return json.loads(self.run("import", *words, "--json", exit=exit))["items"][0]

    def lines(self, *words):
        return [json.loads(line) for line in self.run(*words).splitlines()]

    def runs(self):
        """The runs by name."""
        return {item["name"]: item for item in self.lines("export", "runs")}

    def points(self):
        """(run, metric) -> points in order, each (step, time in ns, bits of the value)."""
        items = self.lines("export", "metrics")
        # Asked after the points, so that the run of each is there while an import goes on.
        names = {item["id"]: item["name"] for item in self.lines("export", "runs")}
        points = {}
        for item in items:
            point = (item["step"], nanoseconds(item["time"]), bits(float(item["value"])))
            points.setdefault((names[item["run"]], item["name"]), []).append(point)
        return points

    def events(self, kind):
        """Payloads of events of a type, with the time of each."""
        return [{**item["payload"], "time": nanoseconds(item["time"])} for item in self.lines("export", "events", "--type", kind)]

    def all_events(self):
        return self.run("export", "events")


def bits(value):
    """A number's bits; those of every NaN are the same."""
    return "nan" if value != value else struct.pack("<d", value).hex()


def nanoseconds(text):
    """An RFC 3339 time in UTC with nine digits."""
    import datetime

    seconds, fraction = text.removesuffix("Z").split(".")
    since = datetime.datetime.fromisoformat(seconds + "+00:00") - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
    return (since.days * 86400 + since.seconds) * 1_000_000_000 + int(fraction)
