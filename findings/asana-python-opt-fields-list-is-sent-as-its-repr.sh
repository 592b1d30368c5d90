#!/usr/bin/env bash
# asana (PyPI) documents opt_fields as list[str], and sends a list as Python prints it: opt_fields=['gid', 'name'].
#
# A good engineer expects: the documentation of each call says `opt_fields  list[str]`, so a list of names is joined with
# commas, or sent as one parameter for each name, as the same client does with other lists by its `collection_formats`.
# What happens: opts go around that conversion into urllib3's `fields`, which writes str(list): brackets, quotes and blanks,
# percent-encoded. A server that splits at commas finds names such as `['gid'` and ` 'name']`, none of which it has, and may
# answer with the compact record as if nothing was asked for. A string with commas is sent as it is.
# Why it matters: who reads exports or lists through this client and asks for fields by a list gets records without them and
# without an error; and who serves this API to it (a fake, a proxy, a face) has to take the printed list for what it means.
#
# Ends with 0 as long as the client behaves so, and with 1 when it does not any more. Needs python3 with venv.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check 'asana==5.4.0' 'urllib3==2.5.0'
cat >ask.py <<'PYTHON'
import http.server, inspect, threading, urllib.parse
import asana

heard = []


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        heard.append(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.path).query))
        body = b'{"data": []}'
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
configuration = asana.Configuration()
configuration.host = f"http://127.0.0.1:{server.server_port}"
configuration.return_page_iterator = False
workspaces = asana.WorkspacesApi(asana.ApiClient(configuration))
documented = [line.strip() for line in inspect.getdoc(workspaces.get_workspaces).splitlines() if "opt_fields" in line]
print("documented as:", documented[0])
for fields in (["gid", "name"], "gid,name"):
    workspaces.get_workspaces({"opt_fields": fields})
    print("asked with", repr(fields), "sent", dict(heard[-1])["opt_fields"])
sent = [dict(query)["opt_fields"] for query in heard]
raise SystemExit(0 if "list[str]" in documented[0] and sent == ["['gid', 'name']", "gid,name"] else 1)
PYTHON
venv/bin/python ask.py
