"""Letters reach a real mail server, with all that they say; what it refuses is told with its reason."""

import asyncio
import email
import email.policy
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword
from hypothesis import given
from hypothesis import strategies as st
from tests.servers import write_certificates

from machinami.foundation.errors import BadRequestData
from machinami.model.letter import Letter, checked_address, leave_fields, written
from machinami.wire.mail import MailServer, SmtpMailer

AT = datetime(2026, 6, 30, 9, tzinfo=UTC)
LETTER = Letter(
    "hanako@example.jp", "避難指示（川東）", "川東の人へ。\n.\nいますぐ 避難してください。\n.点から始まる行", "m1.a3"
)


@dataclass
class Office:
    """A mail server that keeps what it takes; `refusals`: what it answers to an address instead."""

    taken: list[Envelope] = field(default_factory=list)
    refusals: dict[str, str] = field(default_factory=dict)
    known: tuple[bytes, bytes] | None = None
    connections: int = 0
    overlapped: bool = False
    early: int = 0

    async def handle_EHLO(self, server: Any, session: Any, envelope: Any, name: str, said: list[str]) -> list[str]:
        session.host_name = name
        return [*said[:-1], "250-PIPELINING", said[-1]] if self.overlapped else said

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if address in self.refusals:
            return self.refusals[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:
        self.early += bool(server._reader._buffer)
        self.taken.append(envelope)
        return "250 taken"

    def sign_in(self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        said = (data.login, data.password) if isinstance(data, LoginPassword) else None
        return AuthResult(success=said == self.known, handled=False)


@asynccontextmanager
async def standing(office: Office, **options: Any) -> AsyncIterator[int]:
    """The mail server on a free port of this machine."""

    def made() -> SMTP:
        office.connections += 1
        return SMTP(office, hostname="mail.test", authenticator=office.sign_in, **options)

    server = await asyncio.get_running_loop().create_server(made, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


def mailer(port: int, **said: Any) -> SmtpMailer:
    return SmtpMailer(MailServer("127.0.0.1", port, **({"security": "none"} | said)), ssl.create_default_context)


def whole(letter: Letter = LETTER) -> bytes:
    return written(letter, "bosai@town.example", "街並町 危機管理課", AT)


async def test_a_letter_arrives_with_all_that_it_says() -> None:
    office = Office()
    async with standing(office) as port:
        post = mailer(port)
        assert (await post.hand_in("bosai@town.example", LETTER.to, whole(), 5)).ok
        await post.close()
    (one,) = office.taken
    assert one.mail_from == "bosai@town.example"
    assert one.rcpt_tos == [LETTER.to]
    assert isinstance(one.content, bytes)
    read = email.message_from_bytes(one.content, policy=email.policy.default)
    assert read["Subject"] == LETTER.subject
    assert str(read["From"].addresses[0].display_name) == "街並町 危機管理課"
    assert read["Message-ID"] == "<m1.a3@town.example>"
    assert read.get_content().replace("\r\n", "\n").rstrip("\n") == LETTER.text


@pytest.mark.parametrize("overlapped", [False, True])
async def test_many_letters_go_over_few_connections(overlapped: bool) -> None:
    office = Office(overlapped=overlapped)
    async with standing(office) as port:
        post = mailer(port)
        done = await asyncio.gather(*(post.hand_in("a@b.example", f"r{n}@c.example", whole(), 5) for n in range(40)))
        await post.close()
    assert all(one.ok for one in done)
    assert sorted(e.rcpt_tos[0] for e in office.taken) == sorted(f"r{n}@c.example" for n in range(40))
    assert office.connections <= 8
    assert bool(office.early) is overlapped  # the next letter's commands came along with the text of the one before


@pytest.mark.parametrize("overlapped", [False, True])
async def test_who_is_refused_is_told_why_and_stops_nobody_else(overlapped: bool) -> None:
    refusals = {"gone@c.example": "550 5.1.1 no such person", "full@c.example": "452 4.2.2 mailbox full"}
    office = Office(refusals=refusals, overlapped=overlapped)
    async with standing(office) as port:
        post = mailer(port)
        gone, full, there = [
            await post.hand_in("a@b.example", f"{name}@c.example", whole(), 5) for name in ("gone", "full", "there")
        ]
        await post.close()
    assert (gone.ok, gone.status, gone.reason) == (False, 550, "550 5.1.1 no such person")
    assert (full.ok, full.status) == (False, 452)
    assert there.ok
    assert [e.rcpt_tos for e in office.taken] == [["there@c.example"]]


async def test_among_many_that_overlap_each_hears_its_own_answer() -> None:
    refusals = {f"r{n}@c.example": f"550 5.1.1 no r{n}" for n in range(0, 60, 3)}
    office = Office(refusals=refusals, overlapped=True)
    async with standing(office) as port:
        post = mailer(port)
        done = await asyncio.gather(*(post.hand_in("a@b.example", f"r{n}@c.example", whole(), 5) for n in range(60)))
        await post.close()
    assert [one.ok for one in done] == [n % 3 != 0 for n in range(60)]
    assert [one.reason for one in done if not one.ok] == list(refusals.values())
    assert sorted(e.rcpt_tos[0] for e in office.taken) == sorted(f"r{n}@c.example" for n in range(60) if n % 3)


async def test_a_server_that_hangs_up_in_the_middle_is_a_reason_for_each_that_was_on_the_line() -> None:
    async def rude(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 here\r\n")
        await reader.readline()
        writer.write(b"250-here\r\n250 PIPELINING\r\n")
        await reader.readuntil(b"DATA\r\n")
        writer.close()

    server = await asyncio.start_server(rude, "127.0.0.1", 0)
    post = mailer(server.sockets[0].getsockname()[1])
    done = await asyncio.gather(*(post.hand_in("a@b.example", f"r{n}@c.example", whole(), 5) for n in range(20)))
    await post.close()
    server.close()
    assert not any(one.ok for one in done)
    assert all(one.status is None and one.reason for one in done)


async def test_a_server_that_is_not_there_is_a_reason_and_no_error() -> None:
    async with standing(Office()) as port:
        pass
    found = await mailer(port).hand_in("a@b.example", "c@d.example", whole(), 5)
    assert not found.ok
    assert found.status is None
    assert "Refused" in found.reason


@pytest.fixture
def certificates(tmp_path: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """What the server shows, and what trusts it."""
    authority, certificate, key = write_certificates(tmp_path)
    shown = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    shown.load_cert_chain(certificate, key)
    return shown, ssl.create_default_context(cafile=str(authority))


async def test_who_hands_in_signs_in_after_the_way_is_safe(
    certificates: tuple[ssl.SSLContext, ssl.SSLContext],
) -> None:
    shown, trusting = certificates
    office = Office(known=(b"machinami", b"secret"))
    async with standing(office, tls_context=shown, require_starttls=True, auth_required=True) as port:
        good = SmtpMailer(MailServer("127.0.0.1", port, "starttls", "machinami", "secret"), lambda: trusting)
        wrong = SmtpMailer(MailServer("127.0.0.1", port, "starttls", "machinami", "guess"), lambda: trusting)
        strange = SmtpMailer(MailServer("127.0.0.1", port, "starttls"), ssl.create_default_context)
        taken, refused, untrusted = [
            await post.hand_in("a@b.example", "c@d.example", whole(), 5) for post in (good, wrong, strange)
        ]
        for post in (good, wrong, strange):
            await post.close()
    assert taken.ok
    assert refused.status == 535
    assert not untrusted.ok
    assert "not trusted" in untrusted.reason
    assert len(office.taken) == 1


@given(st.text(st.characters(codec="utf-8", exclude_characters="\r\0"), max_size=300))
def test_any_text_is_read_again_as_it_was(text: str) -> None:
    letter = Letter("a@b.example", "x", text, "n")
    read = email.message_from_bytes(whole(letter), policy=email.policy.default)
    payload = read.get_payload(decode=True)
    assert isinstance(payload, bytes)
    assert payload.decode().replace("\r\n", "\n") == text


@pytest.mark.parametrize("subject", ["two\r\nBcc: all@example.jp", "two\nlines"])
def test_no_line_break_in_a_subject_makes_a_field(subject: str) -> None:
    read = email.message_from_bytes(whole(Letter("a@b.example", subject, "x", "n")), policy=email.policy.default)
    assert "Bcc" not in read
    assert "two" in read["Subject"]


def test_an_address_that_would_make_a_field_is_refused() -> None:
    with pytest.raises(BadRequestData):
        whole(Letter("a@b.example\r\nBcc: all@example.jp", "x", "y", "n"))


@pytest.mark.parametrize("address", ["hanako@example.jp", "a.b+c@mail.example.co.jp"])
def test_a_mail_address_is_taken(address: str) -> None:
    assert checked_address(f" {address} ") == address


@pytest.mark.parametrize(
    "address", ["", "hanako", "a@b", "a b@c.jp", "a@b.jp\r\nX: y", "a@b..jp", "<a@b.jp>", "あ@b.jp"]
)
def test_what_is_none_is_refused(address: str) -> None:
    with pytest.raises(BadRequestData):
        checked_address(address)


def test_a_mail_program_is_told_how_to_leave() -> None:
    letter = Letter("a@b.example", "x", "y", "n", leave_fields("https://town.example/leave?key=1"))
    read = email.message_from_bytes(whole(letter), policy=email.policy.default)
    assert read["List-Unsubscribe"] == "<https://town.example/leave?key=1>"
    assert read["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
