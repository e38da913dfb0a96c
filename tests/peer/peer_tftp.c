/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "lwip/apps/tftp_server.h"
#include "lwip/pbuf.h"
#include "peer.h"

static struct {
    bool serving;
    const char *name;
    const uint8_t *bytes;
    size_t length, at;
} served;

static void *open_file(const char *name, const char *mode, u8_t write)
{
    if (write || strcmp(mode, "octet") != 0 || strcmp(name, served.name) != 0) {
        return NULL;
    }
    served.at = 0;
    return &served;
}

static void close_file(void *handle)
{
    LWIP_UNUSED_ARG(handle);
}

static int read_file(void *handle, void *to, int room)
{
    size_t n = served.length - served.at;

    LWIP_UNUSED_ARG(handle);
    n = n < (size_t)room ? n : (size_t)room;
    memcpy(to, served.bytes + served.at, n);
    served.at += n;
    return (int)n;
}

static int write_file(void *handle, struct pbuf *p)
{
    LWIP_UNUSED_ARG(handle);
    LWIP_UNUSED_ARG(p);
    return -1;
}

static void hear_error(void *handle, int code, const char *text, int length)
{
    LWIP_UNUSED_ARG(handle);
    LWIP_UNUSED_ARG(code);
    LWIP_UNUSED_ARG(text);
    LWIP_UNUSED_ARG(length);
}

void peer_serve_tftp(const char *name, const void *bytes, size_t length)
{
    static const struct tftp_context context = {open_file, close_file, read_file, write_file, hear_error};

    if (served.serving) {
        tftp_cleanup();
    }
    served.name = name;
    served.bytes = bytes;
    served.length = length;
    served.serving = name != NULL && tftp_init_server(&context) == ERR_OK;
}
