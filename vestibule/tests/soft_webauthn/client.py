"""A browser with an authenticator, by soft-webauthn and Yubico's fido2.

Reads one request from each line, and answers with one line. Its authenticator cannot verify its user.
"""

import json
import sys
from base64 import urlsafe_b64decode, urlsafe_b64encode

from soft_webauthn import SoftWebauthnDevice

device = SoftWebauthnDevice()


def decoded(text):
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def encoded(value):
    """The response as browsers write it in JSON."""
    if isinstance(value, bytes):
        return urlsafe_b64encode(value).decode().rstrip("=")
    if isinstance(value, dict):
        return {name: encoded(member) for name, member in value.items()}
    return value


for line in sys.stdin:
    request = json.loads(line)
    options = request["options"]
    options["challenge"] = decoded(options["challenge"])
    if "user" in options:
        options["user"]["id"] = decoded(options["user"]["id"])
    try:
        call = getattr(device, request["call"])
        response = call({"publicKey": options}, request["origin"])
        response["id"] = response["rawId"]
        response["clientExtensionResults"] = {}
        answer = encoded(response)
    except ValueError as error:
        answer = {"error": str(error)}
    print(json.dumps(answer), flush=True)
