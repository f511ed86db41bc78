"""Takes TLS off connections to PostgreSQL, whose embedded build has none; who asks for no TLS is refused.

`python -m tests.stack.tls_terminator PORT BEHIND CERTIFICATE KEY`
"""

import asyncio
import ssl
import sys

REQUEST = (8).to_bytes(4, "big") + (80877103).to_bytes(4, "big")


async def serve(port: str, behind: str, certificate: str, key: str) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if await reader.readexactly(8) == REQUEST:
                writer.write(b"S")
                await writer.drain()
                await writer.start_tls(context)
                server = await asyncio.open_connection("127.0.0.1", int(behind))
                await asyncio.gather(_copy(reader, server[1]), _copy(server[0], writer))
        except (OSError, EOFError):
            pass
        finally:
            writer.close()

    await (await asyncio.start_server(take, "127.0.0.1", int(port))).serve_forever()


async def _copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    try:
        while piece := await source.read(1 << 16):
            target.write(piece)
            await target.drain()
    except OSError:
        pass
    finally:
        target.close()


if __name__ == "__main__":
    asyncio.run(serve(*sys.argv[1:]))
