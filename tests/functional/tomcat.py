# SPDX-License-Identifier: BSD-3-Clause
"""Debian's tomcat10 as the service of a host: port 8080 serves a page that says the host's name."""

import pathlib

HOME = pathlib.Path("/usr/share/tomcat10")
SERVER = """<Server port="-1">
  <Service name="Catalina">
    <Connector port="8080" protocol="HTTP/1.1"/>
    <Engine name="Catalina" defaultHost="localhost"><Host name="localhost" appBase="webapps"/></Engine>
  </Service>
</Server>
"""


def is_installed():
    return (HOME / "bin" / "bootstrap.jar").exists()


def command(folder, name):
    """What starts it, with all that it writes below `folder`."""
    base = folder / f"tomcat-{name}"
    page = base / "webapps" / "ROOT" / "index.html"
    for path in (base / "conf", base / "logs", base / "temp", base / "work", page.parent):
        path.mkdir(parents=True, exist_ok=True)
    (base / "conf" / "server.xml").write_text(SERVER, encoding="utf-8")
    (base / "conf" / "web.xml").write_text((pathlib.Path("/etc/tomcat10") / "web.xml").read_text(encoding="utf-8"),
                                           encoding="utf-8")
    page.write_text(name, encoding="utf-8")
    jars = f"{HOME}/bin/bootstrap.jar:{HOME}/bin/tomcat-juli.jar"
    return ["java", "-Xmx128m", "-cp", jars, f"-Dcatalina.home={HOME}", f"-Dcatalina.base={base}",
            f"-Djava.io.tmpdir={base}/temp", "org.apache.catalina.startup.Bootstrap"]
