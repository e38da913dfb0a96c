# SPDX-License-Identifier: BSD-2-Clause
"""The machine's own Debian mirror, read from its apt configuration.

Images are made from the archive that the machine already trusts, so that no mirror is written
into this tree and a machine behind a local mirror or proxy works as it is.
"""

import glob
import re
import subprocess
from dataclasses import dataclass


@dataclass(frozen=True)
class Source:
    uri: str
    suite: str
    components: str
    signed_by: str

    def line(self):
        option = f"[signed-by={self.signed_by}] " if self.signed_by else ""
        return f"deb {option}{self.uri} {self.suite} {self.components}"


def _deb822(text):
    for stanza in re.split(r"\n\s*\n", text):
        fields, last = {}, None
        for line in stanza.splitlines():
            if line.startswith("#"):
                continue
            if line[:1] in " \t" and last:
                fields[last] += " " + line.strip()
            elif ":" in line:
                last, value = line.split(":", 1)
                last = last.strip().lower()
                fields[last] = value.strip()
        if "deb" not in fields.get("types", "").split() or fields.get("enabled", "yes").lower() == "no":
            continue
        # A key written into the stanza itself cannot be passed on in one line: the default keyring serves.
        key = fields.get("signed-by", "")
        key = key if key.startswith("/") else ""
        for uri in fields.get("uris", "").split():
            for suite in fields.get("suites", "").split():
                yield Source(uri, suite, fields.get("components", ""), key)


def _one_line(text):
    for line in text.splitlines():
        found = re.match(r"deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s+([^#]+)", line.strip())
        if found:
            options = dict(o.split("=", 1) for o in (found[1] or "").split() if "=" in o)
            yield Source(found[2], found[3], found[4].strip(), options.get("signed-by", ""))


def sources():
    """All binary sources that apt on this machine is configured with."""
    found = []
    for name in sorted(glob.glob("/etc/apt/sources.list") + glob.glob("/etc/apt/sources.list.d/*")):
        with open(name, encoding="utf-8", errors="replace") as file:
            text = file.read()
        if name.endswith(".sources"):
            found += _deb822(text)
        elif name.endswith(".list"):
            found += _one_line(text)
    return found


def host_suite():
    with open("/etc/os-release", encoding="utf-8") as file:
        found = re.search(r'^VERSION_CODENAME="?(\w+)', file.read(), re.M)
    return found[1] if found else "bookworm"


def lines_for(suite):
    """sources.list lines for `suite`, from the entries that the machine has for its own suite."""
    host = host_suite()
    lines = []
    for source in sources():
        if source.suite.split("/")[0].split("-")[0] not in (host, suite):
            continue
        if "main" not in source.components.split() or "backports" in source.suite:
            continue
        renamed = source.suite.replace(host, suite)
        line = Source(source.uri, renamed, "main", source.signed_by).line()
        if line not in lines:
            lines.append(line)
    if not lines:
        raise RuntimeError(f"apt on this machine has no Debian entry for {suite} or {host}")
    return lines


def proxy_options():
    """Apt's proxy settings, which a separate apt run does not inherit."""
    dump = subprocess.run(["apt-config", "dump"], capture_output=True, text=True, check=False).stdout
    return [line for line in dump.splitlines() if re.match(r'Acquire::\w+::Proxy[\w:]* "[^"]+";', line)]
