"""What can go wrong in this house, said once: every error class, its default sentence and its facts.

The class docstring is the default message. Facts are keyword attributes; they travel into problem
details (RFC 7807) unchanged, so a message never has to be parsed. `kit.problem` maps classes to status codes.
"""

from typing import Any


class MachinamiError(Exception):
    """Something went wrong."""

    def __init__(self, detail: str | None = None, **facts: Any) -> None:
        self.detail = detail or (type(self).__doc__ or "").strip().splitlines()[0]
        self.facts = facts
        super().__init__(self.detail)


class InvalidRequest(MachinamiError):
    """The request is not well formed."""


class RequestTimeout(InvalidRequest):
    """The request did not come to its end in time."""


class BadRequestData(MachinamiError):
    """The request holds data that do not fit."""


class NotFound(MachinamiError):
    """There is no such thing here."""


class TenantNotFound(NotFound):
    """There is no such town (tenant) here."""


class AlreadyExists(MachinamiError):
    """This exists already."""


class Conflict(MachinamiError):
    """The change conflicts with the present state."""


class NotApproved(Conflict):
    """Nobody may be asked for this: it has not been approved, or goes beyond what was."""


class OperationNotSupported(MachinamiError):
    """This operation is not supported."""


class TooManyResults(MachinamiError):
    """The query matches more than may be returned at once."""


class TooComplex(MachinamiError):
    """The query is too complex."""


class ContextNotAvailable(MachinamiError):
    """A JSON-LD @context could not be had."""


class MethodNotAllowed(MachinamiError):
    """This method is not allowed here."""


class MethodUnknown(MachinamiError):
    """Nothing here knows this method."""


class NotAcceptable(MachinamiError):
    """None of the asked-for media types can be served."""


class UnsupportedMediaType(MachinamiError):
    """This content type is not understood here."""


class LengthRequired(MachinamiError):
    """The request says nothing about the length of its body."""


class PayloadTooLarge(MachinamiError):
    """The body is larger than this town accepts."""


class Forbidden(MachinamiError):
    """This is not allowed for who asks."""


class SignInRequired(Forbidden):
    """This is not open to everyone: say who you are."""


class StepUpRequired(Forbidden):
    """This needs a surer sign-in."""


class CredentialRefused(MachinamiError):
    """What was shown does not say who asks."""


class TooManyAttempts(MachinamiError):
    """There were too many attempts; wait a little."""


class TooManyRequests(TooManyAttempts):
    """This town is asked more often than its quota allows."""


class QuotaExceeded(MachinamiError):
    """This town has used up its quota."""


class Overloaded(MachinamiError):
    """The town is busy; try again in a moment."""


class StoreUnavailable(MachinamiError):
    """The store cannot take or give data now."""


class BadGateway(MachinamiError):
    """Another broker that had to be asked failed."""


class GatewayTimeout(MachinamiError):
    """Another broker that had to be asked did not answer in time."""


class LoopDetected(MachinamiError):
    """The request goes in a circle among brokers."""


class InUse(StoreUnavailable):
    """Another process has this open."""


class SettingsError(MachinamiError):
    """A setting is wrong."""


class InputError(MachinamiError):
    """A file or message cannot be read."""
