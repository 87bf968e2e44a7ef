"""libtorrent as a measured seeder: the same lines as bench/support/seeder-child.ts."""

import glob
import json
import os
import sys
import time

import libtorrent as lt

import libtorrent_measured as measured

IDLE_SECONDS = 10


def rss_mib():
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1024**2


order = json.loads(sys.argv[1])
session = measured.session(
    allow_multiple_connections_per_ip=True,
    connections_limit=5000,
    listen_queue_size=3000,
    active_checking=-1,
    alert_mask=0,
)
while session.listen_port() == 0:
    time.sleep(0.01)
empty = rss_mib()
started = time.perf_counter()
handles = []
for path in sorted(glob.glob(order["folder"] + "/*.torrent")):
    params = lt.add_torrent_params()
    params.ti = lt.torrent_info(path)
    params.max_connections = 5000
    handles.append(session.add_torrent(measured.begun_at_once(params, order["folder"])))
waiting = list(handles)
while waiting:
    waiting = [handle for handle in waiting if not handle.status(0).is_seeding]
    time.sleep(0.01)
measured.say(port=session.listen_port(), seconds=time.perf_counter() - started, emptyMib=empty, rssMib=rss_mib())
for line in sys.stdin:
    word = line.strip()
    if word == "rss":
        measured.say(rssMib=rss_mib())
    elif word == "idle":
        before = measured.cpu()
        time.sleep(IDLE_SECONDS)
        measured.say(cpuSeconds=(measured.cpu() - before) / IDLE_SECONDS)
    elif word == "close":
        closing = time.perf_counter()
        del handles, params, session
        measured.say(seconds=time.perf_counter() - closing)
        break
