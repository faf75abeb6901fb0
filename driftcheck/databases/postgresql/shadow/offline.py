"""Runs a program that can reach no network and no socket of another program: a script.

    python -I -S offline.py UID GID SIGN PROGRAM ARGUMENT...

The kernel refuses to it, and to whatever it starts, to connect a socket and to make one that is
not a Unix socket. So a server that is started so answers on its own socket, and nothing that runs
in it (dblink, postgres_fdw, a subscription, COPY TO PROGRAM) gets out, the loopback interface and
the Unix sockets of other servers included. This needs no rights, unlike a namespace.

UID and GID are the account that the program runs as; ``-`` where it is this one. The file SIGN
is made where the kernel went along. Where it does not, the program runs without it.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import platform
import socket
import struct
import sys
from collections.abc import Iterable, Mapping
from typing import NamedTuple


class _Machine(NamedTuple):
    """How a machine's system calls are numbered.

    Attributes:
        audit: What the kernel calls the machine (``AUDIT_ARCH_...``).
        socket: The number of ``socket``.
        refused: The calls that are refused, each with its error.
    """

    audit: int
    socket: int
    refused: Mapping[int, int]


def _refused(connect: int, ptrace: int, write_memory: int) -> dict[int, int]:
    return {
        connect: errno.ENETUNREACH,
        425: errno.ENOSYS,  # io_uring_setup: it connects by another way
        # By way of another process of the same account:
        ptrace: errno.EPERM,
        write_memory: errno.EPERM,
        438: errno.EPERM,  # pidfd_getfd
    }


_GENERIC = 198, _refused(connect=203, ptrace=117, write_memory=271)
_MACHINES = {
    "x86_64": _Machine(0xC000003E, 41, _refused(connect=42, ptrace=101, write_memory=311)),
    "aarch64": _Machine(0xC00000B7, *_GENERIC),
    "riscv64": _Machine(0xC00000F3, *_GENERIC),
}
_X32 = 0x40000000
"""A bit in the numbers of x86_64's second set of calls, which nobody needs."""

# From <linux/filter.h>, <linux/seccomp.h> and <linux/prctl.h>.
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16
_ALLOW, _ERROR = 0x7FFF0000, 0x00050000
_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _MODE_FILTER = 38, 22, 2


class _Program(ctypes.Structure):
    """``struct sock_fprog``."""

    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def main(arguments: list[str]) -> None:
    """Become the account, shut it off, and become the program."""
    uid, gid, sign, *command = arguments
    libc = ctypes.CDLL(None, use_errno=True)
    if uid != "-":
        os.setgroups([])
        os.setgid(int(gid))
        os.setuid(int(uid))
    if _shut_off(libc):
        with contextlib.suppress(OSError):  # a full disk, say: then nobody knows, that is all
            os.close(os.open(sign, os.O_CREAT | os.O_WRONLY | os.O_NOFOLLOW, 0o600))
    os.execv(command[0], command)  # noqa: S606  (there is no shell in it)


def _shut_off(libc: ctypes.CDLL) -> bool:
    machine = _MACHINES.get(platform.machine())
    if sys.platform != "linux" or machine is None or sys.byteorder != "little":
        return False
    instructions = b"".join(_instructions(machine))
    program = _Program(len(instructions) // 8, instructions)
    # Without the first one the second needs rights. It keeps sudo from giving rights, too.
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        return False
    return not libc.prctl(_PR_SET_SECCOMP, _MODE_FILTER, ctypes.byref(program), 0, 0)


def _instructions(machine: _Machine) -> Iterable[bytes]:
    """The filter, in the kernel's bytes: for each call, whether it is allowed."""
    yield _instruction(_LOAD, _ARCHITECTURE)
    yield _instruction(_EQUAL, machine.audit, when=1)
    yield _instruction(_RETURN, _ERROR | errno.EPERM)  # a 32-bit program
    yield _instruction(_LOAD, _NUMBER)
    yield _instruction(_AT_LEAST, _X32, otherwise=1)
    yield _instruction(_RETURN, _ERROR | errno.EPERM)
    for number, error in machine.refused.items():
        yield _instruction(_EQUAL, number, otherwise=1)
        yield _instruction(_RETURN, _ERROR | error)
    yield _instruction(_EQUAL, machine.socket, when=1)
    yield _instruction(_RETURN, _ALLOW)
    yield _instruction(_LOAD, _FIRST_ARGUMENT)
    yield _instruction(_EQUAL, socket.AF_UNIX, when=1)
    yield _instruction(_RETURN, _ERROR | errno.EAFNOSUPPORT)
    yield _instruction(_RETURN, _ALLOW)


def _instruction(code: int, value: int, *, when: int = 0, otherwise: int = 0) -> bytes:
    """One ``struct sock_filter``; how many to pass over where it is so, and where it is not."""
    return struct.pack("=HBBI", code, when, otherwise, value)


if __name__ == "__main__":
    main(sys.argv[1:])
