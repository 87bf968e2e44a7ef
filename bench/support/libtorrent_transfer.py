"""One side of a measured transfer by libtorrent: the same lines as bench/support/transfer-child.ts."""

import json
import resource
import sys
import time

import libtorrent as lt

import libtorrent_measured as measured

order = json.loads(sys.argv[1])
session = measured.session(
    allow_multiple_connections_per_ip=True,
    alert_mask=lt.alert.category_t.status_notification | lt.alert.category_t.error_notification,
)
params = lt.add_torrent_params()
params.ti = lt.torrent_info(order["torrent"])
start = order.get("start")
if start == "resumed":
    # What its resume data say of a torrent that was complete when the client ended: nothing is hashed now.
    params.have_pieces = [True] * params.ti.num_pieces()
if start == "trusting":
    params.flags |= lt.torrent_flags.seed_mode
handle = session.add_torrent(measured.begun_at_once(params, order["folder"]))
checking = (lt.torrent_status.checking_files, lt.torrent_status.checking_resume_data)
measured.wait_for(session, lambda: session.listen_port() != 0 and handle.status().state not in checking)
# What libtorrent itself chose, of all that bears on speed.
TOLD = ("aio_threads", "hashing_threads", "disk_io_read_mode", "disk_io_write_mode", "max_queued_disk_bytes",
        "max_out_request_queue", "max_allowed_in_request_queue", "request_queue_time", "send_buffer_watermark",
        "send_buffer_watermark_factor", "send_buffer_low_watermark", "recv_socket_buffer_size",
        "send_socket_buffer_size", "piece_extent_affinity", "suggest_mode", "unchoke_slots_limit")
settings = session.get_settings()
told = {name: settings[name] for name in TOLD if name in settings}
measured.say(port=session.listen_port(), settings=f"libtorrent {lt.__version__}, {start + ', ' if start else ''}all at its default, of it: {json.dumps(told)}")
before = measured.cpu()
for line in sys.stdin:
    if line.strip() == "go":
        before = measured.cpu()
        started = time.perf_counter()
        if "peer" not in order:
            continue
        handle.connect_peer(("127.0.0.1", order["peer"]))
        measured.wait_for(session, lambda: handle.status().is_seeding)
        measured.say(seconds=time.perf_counter() - started)
    else:
        measured.say(cpuSeconds=measured.cpu() - before, peakMib=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
        break
