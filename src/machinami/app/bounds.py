"""How do others come to an installation, and it to them: as what, how often, where to, and with which certificate?"""

import contextlib
import logging
import ssl
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlsplit

from machinami.app.identifying import is_reached_from_afar
from machinami.broker.pace import Pace
from machinami.broker.reception import Reception
from machinami.foundation.settings import Settings
from machinami.kit.carrier import Limits
from machinami.kit.origin import Origin
from machinami.kit.room import Bounds
from machinami.wire.mail import MailServer, SmtpMailer
from machinami.wire.mqtt import presenting
from machinami.wire.targets import Targets

try:
    import resource
except ImportError:  # not there on Windows
    resource = None  # type: ignore[assignment]

_LOG = logging.getLogger("machinami")
_OWN_FILES, _LEAST = 300, 64  # files that the town itself has open; connections that are always taken
_REQUESTS = 200  # of one person, program or address in a second


def pace_of(settings: Settings) -> Pace | None:
    """How often each may ask; where nothing is said and only who sits at the machine can ask, nobody is bounded."""
    bound = settings.requests_per_client
    if bound is None:
        bound = _REQUESTS if is_reached_from_afar(settings) else 0
    return Pace(bound, time.monotonic) if bound else None


def limits_of(settings: Settings) -> Limits:
    """What one client may take."""
    return Limits(body=settings.body_limit, read=settings.request_seconds, idle=settings.idle_seconds)


def room_of(settings: Settings) -> Bounds:
    """What all clients together may take: no more connections than the system lets a process have files, and at least
    one body of the largest size."""
    usual = Bounds(
        connections=settings.connections,
        per_address=settings.connections_per_address,
        works=settings.requests_at_once,
        held=max(settings.body_memory, settings.body_limit),
        unread=settings.answer_memory,
    )
    if resource is None:
        return usual
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = usual.connections + _OWN_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted if hard < 0 else min(wanted, hard), hard))
        soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        left = max(min(usual.connections, soft - _OWN_FILES), _LEAST)
        if left < settings.connections:
            _LOG.warning("of %d connections only %d can be open: raise LimitNOFILE", settings.connections, left)
        usual = replace(usual, connections=left)
    return usual


def reception_of(settings: Settings) -> Reception:
    """How much strangers may hand in to a town."""
    return Reception(settings.handed_in_per_address, settings.handed_in_per_town)


def oldest_of(settings: Settings) -> timedelta | None:
    """How old a notification may become that its receiver does not take."""
    return timedelta(hours=settings.notification_hours) if settings.notification_hours else None


def targets_of(settings: Settings) -> Targets:
    """Where clients may have this installation connect to: into its own network, or without TLS, only where nobody but
    who sits at the machine can ask for it, or where its settings say so."""
    near = not is_reached_from_afar(settings)
    return Targets(settings.private_targets or near, settings.plain_targets or near)


def mailer_of(settings: Settings, trust: Callable[[], ssl.SSLContext]) -> SmtpMailer | None:
    """What hands letters to the mail server of machinami.toml; None where it names none."""
    mail = settings.mail
    if not mail.host:
        return None
    name = urlsplit(settings.address).hostname or "localhost"
    return SmtpMailer(MailServer(mail.host, mail.port, mail.security, mail.user, mail.password, name), trust)


def origin_of(settings: Settings) -> Origin:
    """How clients call the installation."""
    return Origin(settings.address, settings.trust_proxy, settings.certificate is not None)


def shown_to_brokers(settings: Settings, trust: Callable[[], ssl.SSLContext]) -> Callable[[], ssl.SSLContext]:
    """With what MQTT brokers are connected to: their certificates are held against trust, and one of the town's own is
    shown where the settings name it."""
    if settings.mqtt_certificate is None:
        return trust
    return presenting(settings.ca_file, settings.mqtt_certificate, settings.mqtt_key)
