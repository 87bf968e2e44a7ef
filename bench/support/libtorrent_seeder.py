"""libtorrent as a measured seeder: the same lines as bench/support/seeder-child.ts."""

import glob
import json
import os
import resource
import sys
import time

import libtorrent as lt

IDLE_SECONDS = 10


def say(**what):
    print(json.dumps(what), flush=True)


def cpu():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def rss_mib():
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1024**2


order = json.loads(sys.argv[1])
session = lt.session({
    "listen_interfaces": "127.0.0.1:0",
    "enable_dht": False,
    "enable_lsd": False,
    "enable_upnp": False,
    "enable_natpmp": False,
    "enable_incoming_utp": False,
    "enable_outgoing_utp": False,
    "out_enc_policy": 2,
    "in_enc_policy": 2,
    "allow_multiple_connections_per_ip": True,
    "connections_limit": 5000,
    "listen_queue_size": 3000,
    "active_checking": -1,
    "alert_mask": 0,
})
while session.listen_port() == 0:
    time.sleep(0.01)
empty = rss_mib()
started = time.perf_counter()
handles = []
for path in sorted(glob.glob(order["folder"] + "/*.torrent")):
    params = lt.add_torrent_params()
    params.ti = lt.torrent_info(path)
    params.save_path = order["folder"]
    params.max_connections = 5000
    params.flags &= ~(lt.torrent_flags.auto_managed | lt.torrent_flags.paused)
    handles.append(session.add_torrent(params))
waiting = list(handles)
while waiting:
    waiting = [handle for handle in waiting if not handle.status(0).is_seeding]
    time.sleep(0.01)
say(port=session.listen_port(), seconds=time.perf_counter() - started, emptyMib=empty, rssMib=rss_mib())
for line in sys.stdin:
    word = line.strip()
    if word == "rss":
        say(rssMib=rss_mib())
    elif word == "idle":
        before = cpu()
        time.sleep(IDLE_SECONDS)
        say(cpuSeconds=(cpu() - before) / IDLE_SECONDS)
    elif word == "close":
        closing = time.perf_counter()
        del handles, params, session
        say(seconds=time.perf_counter() - closing)
        break
