"""Makes torrents by libtorrent's create_torrent at its defaults, for test/interop/create.test.ts.

Reads one path a line, writes one JSON line for each path and profile: {"path", "profile", "torrent": hex}.
"""

import json
import os
import sys

import libtorrent as lt

PROFILES = {"hybrid": 0, "v2": lt.create_torrent.v2_only}

for line in sys.stdin:
    path = line.rstrip("\n")
    for profile, flags in PROFILES.items():
        files = lt.file_storage()
        lt.add_files(files, path)
        torrent = lt.create_torrent(files, 0, flags)
        lt.set_piece_hashes(torrent, os.path.dirname(path))
        made = lt.bencode(torrent.generate())
        print(json.dumps({"path": path, "profile": profile, "torrent": made.hex()}), flush=True)
