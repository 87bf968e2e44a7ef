"""What the measured programs by libtorrent share: the session's settings, the lines that they print, what they used."""

import json
import resource

import libtorrent as lt


def session(**more):
    """A session on the loopback address: TCP only, unencrypted, and found by nobody."""
    return lt.session({
        "listen_interfaces": "127.0.0.1:0",
        "enable_dht": False,
        "enable_lsd": False,
        "enable_upnp": False,
        "enable_natpmp": False,
        "enable_incoming_utp": False,
        "enable_outgoing_utp": False,
        "out_enc_policy": 2,
        "in_enc_policy": 2,
    } | more)


def begun_at_once(params, folder):
    """The parameters of a torrent in a folder that starts by itself and is never paused."""
    params.save_path = folder
    params.flags &= ~(lt.torrent_flags.auto_managed | lt.torrent_flags.paused)
    return params


def wait_for(session, is_true):
    while not is_true():
        session.wait_for_alert(100)
        session.pop_alerts()


def say(**what):
    print(json.dumps(what), flush=True)


def cpu():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime
