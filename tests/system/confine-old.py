#!/usr/bin/env python3
"""Runs a program as under a kernel that has neither Landlock nor seccomp: a filter answers ENOSYS."""
import ctypes
import os
import platform
import struct
import sys

LANDLOCK, ENOSYS = (444, 445, 446), 38
SECCOMP = {"x86_64": 317, "aarch64": 277}[platform.machine()]
LOAD, EQUAL, RETURN = 0x20, 0x15, 0x06    # BPF: load a word, jump if equal, return
PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, MODE_FILTER = 38, 22, 2


def main():
    numbers = LANDLOCK + (SECCOMP,)
    code = struct.pack("HBBI", LOAD, 0, 0, 0)
    for i, number in enumerate(numbers):
        code += struct.pack("HBBI", EQUAL, len(numbers) - i, 0, number)
    code += struct.pack("HBBI", RETURN, 0, 0, 0x7fff0000)          # SECCOMP_RET_ALLOW
    code += struct.pack("HBBI", RETURN, 0, 0, 0x00050000 | ENOSYS)  # SECCOMP_RET_ERRNO
    buffer = ctypes.create_string_buffer(code)
    program = struct.pack("HxxxxxxP", len(code) // 8, ctypes.addressof(buffer))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or libc.prctl(PR_SET_SECCOMP, MODE_FILTER, program, 0, 0):
        sys.exit(f"prctl: {os.strerror(ctypes.get_errno())}")
    os.execv(sys.argv[1], sys.argv[1:])


main()
