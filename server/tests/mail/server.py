"""A mail server for tests, which prints its port and writes each mail to a file of FOLDER.

aiosmtpd and not postfix: it needs no root, no queue and no configuration of the machine, and its
answers can be chosen here. A recipient gets the answer that its name asks for:

    refused@    550, for good
    greylisted@ 450 the first time, and is accepted after that
    cut-off@    the connection ends in the middle of the first mail
    silent@     the first mail is accepted and never answered
"""

import argparse
import asyncio
import os
import secrets
import ssl

from aiosmtpd.smtp import SMTP, AuthResult


class Handler:
    def __init__(self, folder):
        self.folder = folder
        self.seen = set()
        self.count = 0

    def is_first(self, address):
        first = address not in self.seen
        self.seen.add(address)
        return first

    async def handle_RCPT(self, server, session, envelope, address, options):
        name = address.split("@")[0]
        if name == "refused":
            return "550 5.1.1 There is no such mailbox"
        if name == "greylisted" and self.is_first(address):
            return "450 4.7.1 Come back later"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Fine"

    async def handle_DATA(self, server, session, envelope):
        [address] = envelope.rcpt_tos
        name = address.split("@")[0]
        if name == "cut-off" and self.is_first(address):
            server.transport.abort()
            return "421 4.4.2 Gone"
        self.write(server, session, envelope, address)
        if name == "silent" and self.is_first(address):
            await asyncio.Event().wait()
        return "250 2.0.0 Accepted"

    def write(self, server, session, envelope, address):
        tls = server.transport.get_extra_info("ssl_object") is not None
        user = session.auth_data.decode() if session.auth_data else "nobody"
        head = f"X-Tls: {tls}\r\nX-User: {user}\r\nX-To: {address}\r\n"
        self.count += 1
        name = f"{self.count:06}-{secrets.token_hex(4)}"
        part = os.path.join(self.folder, f".{name}")
        with open(part, "wb") as file:
            file.write(head.encode() + envelope.content)
        os.rename(part, os.path.join(self.folder, f"{name}.eml"))


async def serve(arguments):
    context = None
    if arguments.tls != "none":
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(arguments.certificate, arguments.key)

    def authenticate(server, session, envelope, mechanism, data):
        expected = arguments.login.encode()
        is_right = b":".join([data.login, data.password]) == expected
        return AuthResult(success=is_right, handled=False, auth_data=data.login)

    handler = Handler(arguments.folder)

    def connection():
        return SMTP(
            handler,
            hostname="mail.example",
            tls_context=context if arguments.tls == "starttls" else None,
            require_starttls=arguments.tls == "starttls",
            authenticator=authenticate if arguments.login else None,
            auth_required=bool(arguments.login),
            auth_require_tls=arguments.tls == "starttls",
            enable_SMTPUTF8=True,
        )

    server = await asyncio.get_running_loop().create_server(
        connection,
        "127.0.0.1",
        arguments.port,
        ssl=context if arguments.tls == "implicit" else None,
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


parser = argparse.ArgumentParser()
parser.add_argument("folder")
parser.add_argument("--port", type=int, default=0)
parser.add_argument("--tls", choices=["none", "starttls", "implicit"], default="none")
parser.add_argument("--certificate")
parser.add_argument("--key")
parser.add_argument("--login", default="", metavar="USER:PASSWORD")
asyncio.run(serve(parser.parse_args()))
