/*
 * A slice of bytes that ends before it begins is empty in Python. In what mypyc makes (mypy 2.4,
 * CPyBytes_GetSlice) it is asked for with fewer than no octets, which raises SystemError; and in
 * what strangers send they choose where some of our slices end. Included before all of it.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

static inline PyObject *schoolgate_bytes(const char *octets, Py_ssize_t count) {
    return PyBytes_FromStringAndSize(octets, count < 0 ? 0 : count);
}

static inline PyObject *schoolgate_bytearray(const char *octets, Py_ssize_t count) {
    return PyByteArray_FromStringAndSize(octets, count < 0 ? 0 : count);
}

#define PyBytes_FromStringAndSize schoolgate_bytes
#define PyByteArray_FromStringAndSize schoolgate_bytearray
