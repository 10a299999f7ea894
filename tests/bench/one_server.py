# SPDX-License-Identifier: BSD-3-Clause
"""A warren with one virtual_server and one server, for warren-bench's engine wire."""
import os
import pathlib

VIP, SERVER, PORT = "192.168.8.100", "192.168.8.11", 5672
CONFIG = """dataplane {{
 idle {idle}
 flows {flows}
}}
vrrp_instance VI_1 {{
 interface eth0
 virtual_router_id 51
 priority 255
 virtual_ipaddress {{
  {vip}/24
 }}
}}
virtual_server {vip} {port} {{
 lb_kind FNAT
 protocol TCP
 real_server {server} {port} {{
 }}
}}
"""


def processor_seconds(process):
    fields = pathlib.Path(f"/proc/{process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
