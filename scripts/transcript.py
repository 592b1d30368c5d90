"""Writes down what an HTTP client and the daemon say to each other, in the form that
daemon/tests/it/apis/transcript.rs replays. The token and this machine's addresses are not in it."""

import base64
import http.client
import http.server
import json
import threading

# What a replay says anew, or what belongs to a connection.
LEFT_OUT = {"connection", "content-length", "date", "transfer-encoding"}


class Recorder:
    def __init__(self, port, token):
        self.exchanges = []
        self.token = token
        recorder = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                daemon = http.client.HTTPConnection("127.0.0.1", port)
                daemon.request(self.command, self.path, body or None, dict(self.headers))
                reply = daemon.getresponse()
                content = reply.read()
                recorder.keep(self, body, reply, content)
                self.send_response_only(reply.status)
                for name, value in reply.getheaders():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = answer

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()

    def keep(self, request, body, reply, content):
        kept = lambda headers: {name.lower(): value for name, value in headers if name.lower() not in LEFT_OUT}
        sent = kept(request.headers.items())
        if client := sent.get("x-asana-client-lib"):
            sent["x-asana-client-lib"] = client.split("&os=")[0]
        exchange = {
            "method": request.command,
            "path": request.path,
            # What any client has to send, and a link is followed without.
            "request": {"headers": {"authorization": sent.get("authorization")}},
            "sent": sent,
            "status": reply.status,
            "headers": kept(reply.getheaders()),
        }
        if body:
            exchange["request"]["body"] = json.loads(body)
        if exchange["headers"].get("content-type", "").startswith("application/json"):
            exchange["body"] = json.loads(content)
        else:
            exchange["body_base64"] = base64.b64encode(content).decode()
        # Of looks that show the same one is enough.
        if exchange not in self.exchanges[-1:]:
            self.exchanges.append(exchange)

    def text(self):
        text = json.dumps(self.exchanges, indent=2, ensure_ascii=False)
        text = text.replace(self.token, "{token}").replace(self.url, "{base}")
        return text.replace(self.url.removeprefix("http://"), "HOST") + "\n"
