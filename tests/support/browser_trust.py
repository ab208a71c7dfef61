"""
A home folder in which Chromium trusts an authority, as a device of the school is set up.

Chromium on Linux reads authorities from an NSS database in the home folder. The tool that writes
one is a package of its own, so this asks the library that Chromium itself needs.
"""

import ctypes
import ctypes.util
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

# CERTDB_VALID_CA | CERTDB_TRUSTED_CA, for servers alone.
_TRUSTED_CA = 0x08 | 0x10
_NO_SLOT_ID = 0


class _Item(ctypes.Structure):
    _fields_ = (("kind", ctypes.c_int), ("octets", ctypes.c_char_p), ("length", ctypes.c_uint))


class _Trust(ctypes.Structure):
    _fields_ = (("ssl", ctypes.c_uint), ("mail", ctypes.c_uint), ("code", ctypes.c_uint))


def trust_in(home: Path, authority: Path) -> None:
    """Have a Chromium whose home folder is *home* trust the certificate in *authority* (PEM)."""
    database = home / ".pki" / "nssdb"
    database.mkdir(parents=True)
    octets = x509.load_pem_x509_certificate(authority.read_bytes()).public_bytes(Encoding.DER)
    nss = ctypes.CDLL(ctypes.util.find_library("nss3") or "libnss3.so")
    for name in ("CERT_NewTempCertificate", "PK11_GetInternalKeySlot", "CERT_GetDefaultCertDB"):
        getattr(nss, name).restype = ctypes.c_void_p
    assert 0 == nss.NSS_InitReadWrite(f"sql:{database}".encode())
    try:
        slot = ctypes.c_void_p(nss.PK11_GetInternalKeySlot())
        if nss.PK11_NeedUserInit(slot):
            assert 0 == nss.PK11_InitPin(slot, None, b"")
        known = ctypes.c_void_p(nss.CERT_GetDefaultCertDB())
        item = ctypes.byref(_Item(0, octets, len(octets)))
        made = ctypes.c_void_p(nss.CERT_NewTempCertificate(known, item, None, 0, 1))
        assert made.value
        assert 0 == nss.PK11_ImportCert(slot, made, _NO_SLOT_ID, b"school", 0)
        trust = _Trust(_TRUSTED_CA, 0, 0)
        assert 0 == nss.CERT_ChangeCertTrust(known, made, ctypes.byref(trust))
        nss.CERT_DestroyCertificate(made)
        nss.PK11_FreeSlot(slot)
    finally:
        nss.NSS_Shutdown()
