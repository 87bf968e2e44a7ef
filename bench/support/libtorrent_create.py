"""Makes torrents by libtorrent's create_torrent for bench/create.ts.

Reads JSON lines {"path", "profile": "hybrid" | "v2", "pieceLength": bytes}, answers each with the
processor milliseconds that it took.
"""

import json
import os
import sys
import time

import libtorrent as lt

PROFILES = {"hybrid": 0, "v2": lt.create_torrent.v2_only}

for line in sys.stdin:
    order = json.loads(line)
    started = time.process_time()
    files = lt.file_storage()
    lt.add_files(files, order["path"])
    torrent = lt.create_torrent(files, order["pieceLength"], PROFILES[order["profile"]])
    lt.set_piece_hashes(torrent, os.path.dirname(order["path"]))
    lt.bencode(torrent.generate())
    print((time.process_time() - started) * 1000, flush=True)
