"""A program whose every name goes through DNS over HTTPS: curl with --doh-url."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from dns_encrypted import gateway
from dns_streams import GATEWAY, CertificateFiles, Names, output_of

Run = Callable[[Coroutine[Any, Any, Any]], Any]


def test_curl_finds_a_site_by_dns_over_https(run: Run, files: CertificateFiles) -> None:
    async def page(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\nconnection: close\r\n\r\nlesson")
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    async def ask() -> tuple[str, set[str]]:
        answers = Names({"lesson.example": ["127.0.0.1"]})
        site = await asyncio.start_server(page, "127.0.0.1", 0)
        async with gateway(answers, files) as servers:
            found = await output_of(
                *("curl", "--silent", "--show-error", "--max-time", "10", "--noproxy", "*"),
                *("--cacert", str(files.authority)),
                *("--resolve", f"{GATEWAY}:{servers.https_port}:127.0.0.1"),
                *("--doh-url", f"https://{GATEWAY}:{servers.https_port}/dns-query"),
                f"http://lesson.example:{site.sockets[0].getsockname()[1]}/",
            )
        site.close()
        await site.wait_closed()
        asked = {each.question[0].name.to_text(omit_final_dot=True) for each in answers.asked}
        return found, asked

    assert ("lesson", {"lesson.example"}) == run(ask())
