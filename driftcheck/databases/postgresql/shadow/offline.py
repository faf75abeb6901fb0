"""A script that runs a program without access to a network and to sockets of other programs.

    python -I -S offline.py UID GID SIGN PROGRAM ARGUMENT...

A seccomp filter of the kernel applies to the program and to all processes that it starts. It
refuses to connect a socket, and to create a socket that is not a Unix socket. So a server answers
on its own Unix socket, but nothing that runs in it (dblink, postgres_fdw, a subscription, COPY TO
PROGRAM) can connect to anything, not even to the loopback interface. A filter needs no privileges,
unlike a namespace. Source: Linux manual page seccomp(2).

UID and GID are the account for the program; ``-`` for the current account. The file SIGN is created
if the kernel has accepted the filter. If not, the program runs without it.
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
    """The numbers of system calls on a machine.

    Attributes:
        audit: The kernel's constant for the machine (``AUDIT_ARCH_...``).
        socket: The number of ``socket``.
        refused: The numbers of refused calls, each with its error.
    """

    audit: int
    socket: int
    refused: Mapping[int, int]


def _refused(connect: int, ptrace: int, write_memory: int) -> dict[int, int]:
    return {
        connect: errno.ENETUNREACH,
        425: errno.ENOSYS,  # io_uring_setup: io_uring can connect sockets too
        # These act through another process of the same account:
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
"""A bit in the numbers of the x32 system calls of x86_64, which are refused."""

# From <linux/filter.h>, <linux/seccomp.h> and <linux/prctl.h>.
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16
_ALLOW, _ERROR = 0x7FFF0000, 0x00050000
_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _MODE_FILTER = 38, 22, 2


class _Program(ctypes.Structure):
    """``struct sock_fprog``."""

    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def main(arguments: list[str]) -> None:
    """Change to the account, apply the filter, and execute the program."""
    uid, gid, sign, *command = arguments
    libc = ctypes.CDLL(None, use_errno=True)
    if uid != "-":
        os.setgroups([])
        os.setgid(int(gid))
        os.setuid(int(uid))
    if _apply_filter(libc):
        with contextlib.suppress(OSError):  # without the file, driftcheck assumes no filter
            os.close(os.open(sign, os.O_CREAT | os.O_WRONLY | os.O_NOFOLLOW, 0o600))
    os.execv(command[0], command)  # noqa: S606  (no shell is used)


def _apply_filter(libc: ctypes.CDLL) -> bool:
    """Apply the filter to this process, and return whether the kernel has accepted it."""
    machine = _MACHINES.get(platform.machine())
    if sys.platform != "linux" or machine is None or sys.byteorder != "little":
        return False
    instructions = b"".join(_instructions(machine))
    program = _Program(len(instructions) // 8, instructions)
    # Without NO_NEW_PRIVS, a filter needs privileges. NO_NEW_PRIVS also disables sudo.
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        return False
    return not libc.prctl(_PR_SET_SECCOMP, _MODE_FILTER, ctypes.byref(program), 0, 0)


def _instructions(machine: _Machine) -> Iterable[bytes]:
    """Yield the instructions of the filter, which decide whether a system call is allowed."""
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
    """Return a ``struct sock_filter``; ``when`` and ``otherwise`` are numbers of skipped ones."""
    return struct.pack("=HBBI", code, when, otherwise, value)


if __name__ == "__main__":
    main(sys.argv[1:])
