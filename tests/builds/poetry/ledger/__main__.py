import signal
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

import humanize


class Ledger(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(humanize.intcomma(1234567).encode())


signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
HTTPServer(("", 8000), Ledger).serve_forever()
