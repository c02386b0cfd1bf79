import signal
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

from jinja2 import Template

PAGE = Template("Hello, {{ name }}!")


class Greeting(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(PAGE.render(name="harbour").encode())


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    HTTPServer(("", 8000), Greeting).serve_forever()
