"""A libtorrent session in the DHT on loopback: told what to do by a JSON line, tells what happens by JSON lines."""

import json
import sys
import time

import libtorrent as lt


def say(**what):
    print(json.dumps(what), flush=True)


def main():
    order = json.loads(sys.stdin.readline())
    ses = lt.session({
        "listen_interfaces": order["listen"],
        "enable_dht": True,
        "dht_bootstrap_nodes": order.get("bootstrap", ""),
        "dht_restrict_routing_ips": False,
        "dht_restrict_search_ips": False,
        "dht_enforce_node_id": False,
        "dht_ignore_dark_internet": False,
        "enable_lsd": False,
        "enable_upnp": False,
        "enable_natpmp": False,
        "enable_incoming_utp": False,
        "enable_outgoing_utp": False,
        "out_enc_policy": 2,
        "in_enc_policy": 2,
        "allow_multiple_connections_per_ip": True,
        "dht_announce_interval": 1,
        "alert_mask": lt.alert.category_t.error_notification | lt.alert.category_t.status_notification,
    })
    while ses.listen_port() == 0:
        time.sleep(0.02)
    say(port=ses.listen_port())
    for host, port in order.get("nodes", []):
        ses.add_dht_node((host, port))
    handle = None
    if "torrent" in order or "magnet" in order:
        if "magnet" in order:
            params = lt.parse_magnet_uri(order["magnet"])
        else:
            params = lt.add_torrent_params()
            params.ti = lt.torrent_info(order["torrent"])
        params.save_path = order["folder"]
        params.flags &= ~(lt.torrent_flags.auto_managed | lt.torrent_flags.paused)
        handle = ses.add_torrent(params)
    told = False
    deadline = time.time() + order.get("seconds", 30)
    while time.time() < deadline:
        for alert in ses.pop_alerts():
            if "error" in type(alert).__name__:
                say(note=f"{type(alert).__name__}: {alert.message()}")
        if handle and not told and handle.status().is_seeding:
            told = True
            say(seeding=True)
        if handle:
            handle.force_dht_announce()
        time.sleep(0.3)
    say(note="out of time")


main()
