"""From a magnet link to the first verified piece by libtorrent: prints {"ms"} as one JSON line."""

import json
import sys
import time

import libtorrent as lt

order = json.loads(sys.argv[1])
categories = lt.alert.category_t
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
    "alert_mask": categories.piece_progress_notification | categories.status_notification,
})
while session.listen_port() == 0:
    session.wait_for_alert(100)
    session.pop_alerts()
started = time.perf_counter()
params = lt.parse_magnet_uri(order["magnet"])
params.save_path = order["folder"]
params.flags &= ~(lt.torrent_flags.auto_managed | lt.torrent_flags.paused)
params.peers = [("127.0.0.1", order["port"])]
session.add_torrent(params)
while True:
    session.wait_for_alert(1000)
    if any(isinstance(alert, lt.piece_finished_alert) for alert in session.pop_alerts()):
        print(json.dumps({"ms": (time.perf_counter() - started) * 1000}), flush=True)
        break
