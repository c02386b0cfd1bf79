import configparser
import os
import signal
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

settings = configparser.ConfigParser()
settings.read(os.environ["DATA"] + "/defaults.ini")


class Page(BaseHTTPRequestHandler):
    def do_GET(self):
        with open(os.environ["SITE"] + "/index.html") as page:
            body = settings["page"]["title"] + page.read()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body.encode())


signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
HTTPServer(("", 8080), Page).serve_forever()
