from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import markdown


class Page(BaseHTTPRequestHandler):
    def do_GET(self):
        with open("README.md") as source:
            body = markdown.markdown(source.read()).encode()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body)


ThreadingHTTPServer(("", 8000), Page).serve_forever()
