import os
import signal
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from subprocess import check_output

import humanize

SHIPS = '[{"tons": 120}, {"tons": 80000}]'


class Page(BaseHTTPRequestHandler):
    def do_GET(self):
        tons = check_output(["jq", "map(.tons) | add"], input=SHIPS.encode())
        self.send_response(200)
        self.end_headers()
        self.wfile.write(f"{humanize.intcomma(int(tons))} in {os.getcwd()}".encode())


signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
HTTPServer(("", 8000), Page).serve_forever()
