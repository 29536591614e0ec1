"""The port that the proxy listens on, opened first so that no other program takes it."""

import errno
import socket

from ollama_claude_proxy.cli.port_owner import find_port_owner
from ollama_claude_proxy.cli.proxy import find_running_proxy
from ollama_claude_proxy.errors import PortTaken, SettingInvalid
from ollama_claude_proxy.settings import Settings

_BACKLOG = 2048  # connections that wait while the program checks or downloads
_LAST_PORT = 65_535
_ORIGIN_REMEDY = "See where it comes from with `ocp config`."


def listen(settings: Settings) -> tuple[Settings, list[socket.socket]]:
    """Open the configured host and port; return the settings with the actual port, and the sockets.

    A name such as `localhost` may have several addresses: all are opened, at the same port.
    Raises PortTaken, or SettingInvalid for a host or a port that cannot be opened here.
    """
    port = settings.port
    sockets: list[socket.socket] = []
    for family, address in _addresses(settings):
        try:
            sockets.append(open_socket(address, port, family))
        except OSError as error:
            if sockets and error.errno == errno.EADDRNOTAVAIL:
                continue  # an address of a family that is switched off, such as IPv6
            _close_all(sockets)
            raise _bind_error(settings, error) from error
        port = sockets[0].getsockname()[1]
    return settings.model_copy(update={"port": port}), sockets


def _addresses(settings: Settings) -> list[tuple[socket.AddressFamily, str]]:
    try:
        resolved = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise SettingInvalid(
            f"The setting 'host' is {settings.host!r}, which is no known host name or address.",
            remedy=_ORIGIN_REMEDY,
        ) from error
    addresses = {(family, str(address[0])): None for family, _, _, _, address in resolved}
    return sorted(addresses, key=lambda address: address[0] != socket.AF_INET)


def _bind_error(settings: Settings, error: OSError) -> PortTaken | SettingInvalid:
    if error.errno == errno.EADDRINUSE:
        command = f"ocp serve --port {next_free_port(settings)}"
        return PortTaken(
            f"Port {settings.port} is taken{_describe_owner(settings)}.",
            remedy=f"Stop that program, or choose another port: `{command}`.",
        )
    if error.errno in {errno.EACCES, errno.EPERM}:
        return SettingInvalid(
            f"The setting 'port' is {settings.port}, which this user may not open.",
            remedy="Choose a port above 1023: `ocp serve --port 8000`.",
        )
    return SettingInvalid(
        f"The setting 'host' is {settings.host!r}, where no port can be opened ({error.strerror}).",
        remedy=_ORIGIN_REMEDY,
    )


def _describe_owner(settings: Settings) -> str:
    """Return ` by PROGRAM`, or an empty string if the owner of the port is not known."""
    owner = find_port_owner(settings.port)
    process = f"{owner.program!r} (process {owner.process_id})" if owner else ""
    if find_running_proxy(settings) is not None:
        return " by another `ocp serve`" + (f", {process}" if process else "")
    return f" by {process}" if process else ""


def next_free_port(settings: Settings) -> int:
    """Return the next free port above the configured one; 0, which means any, if there is none."""
    for port in range(settings.port + 1, _LAST_PORT + 1):
        if is_free(settings.host, port):
            return port
    return 0


def is_free(host: str, port: int) -> bool:
    """Whether `port` can be opened now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.create_server((host, port), family=family).close()
    except OSError:
        return False
    return True


def open_socket(
    address: str, port: int, family: socket.AddressFamily = socket.AF_INET
) -> socket.socket:
    """Open a port and listen; raises OSError.

    The protocol is set to TCP, which `create_server` leaves at 0: only then does asyncio switch off
    Nagle's algorithm, which delays the second small write of an answer by 40 ms.
    """
    listener = socket.create_server((address, port), family=family, backlog=_BACKLOG)
    return socket.socket(family, listener.type, socket.IPPROTO_TCP, fileno=listener.detach())


def _close_all(sockets: list[socket.socket]) -> None:
    for listener in sockets:
        listener.close()
