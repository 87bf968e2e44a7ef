"""One libtorrent session for the interop tests: told what to do by a JSON line, tells what happens by JSON lines."""

import json
import sys
import time

import libtorrent as lt


def say(**what):
    print(json.dumps(what), flush=True)


def session(order):
    encryption = {"off": 2, "on": 0}[order.get("encryption", "off")]
    return lt.session({
        "listen_interfaces": order["listen"],
        "enable_dht": False,
        "enable_lsd": False,
        "enable_upnp": False,
        "enable_natpmp": False,
        "enable_incoming_utp": False,
        "enable_outgoing_utp": False,
        "out_enc_policy": encryption,
        "in_enc_policy": encryption,
        "allowed_enc_level": {"plain": 1, "rc4": 2, None: 3}[order.get("payload")],
        "allow_multiple_connections_per_ip": True,
        "max_failcount": 100,
        "min_reconnect_time": 1,
        "alert_mask": lt.alert.category_t.error_notification | lt.alert.category_t.status_notification
        | lt.alert.category_t.peer_notification,
    })


def parameters(order):
    if "magnet" in order:
        params = lt.parse_magnet_uri(order["magnet"])
    else:
        params = lt.add_torrent_params()
        params.ti = lt.torrent_info(order["torrent"])
    params.save_path = order["folder"]
    params.flags &= ~(lt.torrent_flags.auto_managed | lt.torrent_flags.paused)
    if order.get("seedMode"):
        params.flags |= lt.torrent_flags.seed_mode
    return params


def main():
    order = json.loads(sys.stdin.readline())
    ses = session(order)
    handle = ses.add_torrent(parameters(order))
    told = False
    announced = False
    deadline = time.time() + order.get("seconds", 60)
    while time.time() < deadline:
        for alert in ses.pop_alerts():
            text = f"{type(alert).__name__}: {alert.message()}"
            if "error" in text or "disconnect" in text or "ban" in text or "failed" in text:
                say(note=text)
        status = handle.status()
        if not announced and ses.listen_port() != 0:
            announced = True
            say(port=ses.listen_port())
            for host, port in order.get("peers", []):
                handle.connect_peer((host, port))
        if not told and status.is_seeding:
            told = True
            say(seeding=True, name=status.name)
            if order.get("leave"):
                return
        if status.errc.value() != 0:
            say(note=status.errc.message(), code=status.errc.value())
            return
        time.sleep(0.02)
    say(note="out of time", state=str(handle.status().state), progress=handle.status().progress)


main()
