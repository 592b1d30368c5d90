#!/usr/bin/env bash
# asana (npm) takes a page without items for the end of a list, although that page says where the next one is.
#
# A good engineer expects: Asana's pages end where `next_page` is null. A page that a filter or a permission has emptied, but
# that has an offset to go on with, is one to walk past.
# What happens: `collection.nextPage()` of the JavaScript client asks for such a page and resolves to `{ data: null }`, the
# same that it gives behind the last page, so that the usual loop `do { .. } while (page.data)` ends there without an error.
# Why it matters: a script that walks all workspaces, projects or tasks of an organization stops at the first page that
# happens to be empty, and what is behind it is missing from the backup without a word.
#
# Ends with 0 as long as the client behaves so, and with 1 when it does not any more. Needs node and npm.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private": true}' >package.json
npm install --silent --no-audit --no-fund --ignore-scripts asana@3.2.0
cat >walk.js <<'JS'
const http = require("http");
const asana = require("asana");

const pages = {
  first: { data: [{ gid: "1" }], next_page: { offset: "second", path: "/workspaces", uri: "" } },
  second: { data: [], next_page: { offset: "third", path: "/workspaces", uri: "" } },
  third: { data: [{ gid: "3" }], next_page: null },
};
const asked = [];
const server = http.createServer((request, response) => {
  const offset = new URL(request.url, "http://x").searchParams.get("offset") || "first";
  asked.push(offset);
  response.setHeader("Content-Type", "application/json");
  response.end(JSON.stringify(pages[offset]));
});
server.listen(0, "127.0.0.1", async () => {
  const client = asana.ApiClient.instance;
  client.basePath = `http://127.0.0.1:${server.address().port}`;
  client.authentications.token.accessToken = "none";
  const found = [];
  let page = await new asana.WorkspacesApi().getWorkspaces({ limit: 1 });
  for (; page.data; page = await page.nextPage()) for (const one of page.data) found.push(one.gid);
  console.log("pages asked for:", asked.join(", "), "- found:", found.join(", "), "- of: 1, 3");
  server.close();
  process.exitCode = found.join() === "1" && asked.join() === "first,second" ? 0 : 1;
});
JS
node walk.js
