"""From a magnet link to the first verified piece by libtorrent: prints {"ms"} as one JSON line."""

import json
import sys
import time

import libtorrent as lt

import libtorrent_measured as measured

order = json.loads(sys.argv[1])
categories = lt.alert.category_t
session = measured.session(
    alert_mask=categories.piece_progress_notification | categories.status_notification,
)
measured.wait_for(session, lambda: session.listen_port() != 0)
started = time.perf_counter()
params = measured.begun_at_once(lt.parse_magnet_uri(order["magnet"]), order["folder"])
params.peers = [("127.0.0.1", order["port"])]
session.add_torrent(params)
while True:
    session.wait_for_alert(1000)
    if any(isinstance(alert, lt.piece_finished_alert) for alert in session.pop_alerts()):
        measured.say(ms=(time.perf_counter() - started) * 1000)
        break
