#!/usr/bin/env python3
"""Gets a token from tokenbroker, with Python's standard library alone.

    get_token.py ACCOUNT        prints the token

Copy token_for() and rejected() into your program. Ask for the token when you need it: the broker keeps it fresh.
"""
import http.client
import json
import os
import socket
import sys
from urllib.parse import quote

SOCKET = os.environ.get("TOKENBROKER_SOCKET") or "/run/tokenbroker/tokenbroker.sock"


class _Connection(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(SOCKET)


def _ask(method, path, body=None, wait=5):
    connection = _Connection("localhost", timeout=wait + 10)
    try:
        headers = {"Content-Type": "application/json"} if body else {}
        connection.request(method, path, body and json.dumps(body), headers)
        answer = connection.getresponse()
        data = json.loads(answer.read())
    finally:
        connection.close()
    if answer.status != 200:
        raise RuntimeError(f"tokenbroker: {data.get('detail') or data.get('title')}")
    return data


def token_for(account, wait=5):
    """The token as a dict: request.headers[token["header"]["name"]] = token["header"]["value"]"""
    return _ask("GET", f"/v1/accounts/{quote(account, safe='')}/token?wait={wait}s", wait=wait)


def rejected(token, wait=30):
    """Call this when the upstream answered 401 to the token: the token that is good now."""
    path = f"/v1/accounts/{quote(token['account'], safe='')}/token/rejected?wait={wait}s"
    return _ask("POST", path, {"generation": token["generation"]}, wait)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: get_token.py ACCOUNT")
    try:
        print(token_for(sys.argv[1])["access_token"])
    except (OSError, RuntimeError, ValueError) as error:
        sys.exit(f"get_token.py: {error}")
