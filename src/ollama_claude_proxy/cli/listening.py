"""The port that the proxy listens on: opened before anything else, so that it cannot be lost."""

import errno
import socket

from ollama_claude_proxy.cli.port_owner import port_owner
from ollama_claude_proxy.cli.proxy import running_proxy
from ollama_claude_proxy.errors import PortTaken, SettingInvalid
from ollama_claude_proxy.settings import Settings

_BACKLOG = 2048  # connections that wait while the program checks or downloads
_LAST_PORT = 65_535
_ORIGIN = "See where it comes from with `ocp config`."


def listen(settings: Settings) -> tuple[Settings, list[socket.socket]]:
    """Open the configured host and port; give the settings with the port that it became.

    A name such as `localhost` may mean several addresses: all are opened, at one port.
    Raises PortTaken, or SettingInvalid for a host or a port that cannot be opened here.
    """
    port = settings.port
    sockets: list[socket.socket] = []
    for family, address in _addresses(settings):
        try:
            sockets.append(open_socket(address, port, family))
        except OSError as error:
            if sockets and error.errno == errno.EADDRNOTAVAIL:
                continue  # the name has an address of a kind that is switched off
            _close(sockets)
            raise _refused(settings, error) from error
        port = sockets[0].getsockname()[1]
    return settings.model_copy(update={"port": port}), sockets


def _addresses(settings: Settings) -> list[tuple[socket.AddressFamily, str]]:
    try:
        found = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise SettingInvalid(
            f"The setting 'host' is {settings.host!r}, which is no name or address known here.",
            remedy=_ORIGIN,
        ) from error
    addresses = {(family, str(address[0])): None for family, _, _, _, address in found}
    return sorted(addresses, key=lambda one: one[0] != socket.AF_INET)


def _refused(settings: Settings, error: OSError) -> PortTaken | SettingInvalid:
    if error.errno == errno.EADDRINUSE:
        return PortTaken(
            f"Port {settings.port} is taken{_by_whom(settings)}.",
            remedy=f"Stop that, or take another port: `ocp serve --port {next_port(settings)}`.",
        )
    if error.errno in {errno.EACCES, errno.EPERM}:
        return SettingInvalid(
            f"The setting 'port' is {settings.port}, which this user may not open.",
            remedy="Take one above 1023: `ocp serve --port 8000`.",
        )
    return SettingInvalid(
        f"The setting 'host' is {settings.host!r}, where no port can be opened ({error.strerror}).",
        remedy=_ORIGIN,
    )


def _by_whom(settings: Settings) -> str:
    owner = port_owner(settings.port)
    process = f"{owner.program!r} (process {owner.process})" if owner else ""
    if running_proxy(settings) is not None:
        return " by another `ocp serve`" + (f", {process}" if process else "")
    return f" by {process}" if process else ""


def next_port(settings: Settings) -> int:
    """Give the next port above the configured one that is free; 0, any free one, if none is."""
    for port in range(settings.port + 1, _LAST_PORT + 1):
        if is_free(settings.host, port):
            return port
    return 0


def is_free(host: str, port: int) -> bool:
    """Tell whether `port` could be opened now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.create_server((host, port), family=family).close()
    except OSError:
        return False
    return True


def open_socket(
    address: str, port: int, family: socket.AddressFamily = socket.AF_INET
) -> socket.socket:
    """Open a port; raises OSError.

    The socket says that it is TCP, which `create_server` leaves open: only then does asyncio switch
    Nagle's algorithm off, which holds the second small write of an answer back for 40 ms.
    """
    opened = socket.create_server((address, port), family=family, backlog=_BACKLOG)
    return socket.socket(family, opened.type, socket.IPPROTO_TCP, fileno=opened.detach())


def _close(sockets: list[socket.socket]) -> None:
    for one in sockets:
        one.close()
