/* SPDX-License-Identifier: BSD-2-Clause */
#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define MTU       1500u
#define FRAME_MIN 60u /* without FCS */
#define FRAME_MAX (MTU + NIC_FRAME_HEADER)

static struct tap *owner(struct nic *nic)
{
    return (struct tap *)(void *)((char *)nic - offsetof(struct tap, nic));
}

static bool is_later(void)
{
    return errno == EAGAIN || errno == EINTR;
}

static enum nic_status send_frame(struct nic *nic, const void *frame, uint32_t length)
{
    uint8_t padded[FRAME_MIN] = {0};

    if (length < sizeof padded) {
        memcpy(padded, frame, length);
        frame = padded;
        length = sizeof padded;
    }
    if (write(owner(nic)->descriptor, frame, length) == (ssize_t)length)
        return NIC_OK;
    return is_later() ? NIC_BUSY : NIC_FAILED;
}

static enum nic_status receive_frame(struct nic *nic, struct nic_frame *ret_frame)
{
    uint8_t buffer[FRAME_MAX];
    ssize_t n = read(owner(nic)->descriptor, buffer, sizeof buffer);
    void *copy;

    if (n < 0)
        return is_later() ? NIC_BUSY : NIC_FAILED;
    copy = malloc((size_t)n + 1); /* of its own, so that the sanitizer sees a use after it was given back */
    if (copy == NULL)
        return NIC_BUSY;
    memcpy(copy, buffer, (size_t)n);
    *ret_frame = (struct nic_frame){.nic = nic, .data = copy, .length = (uint32_t)n, .driver = copy};
    return NIC_OK;
}

static void release_frame(struct nic *nic, struct nic_frame *frame)
{
    (void)nic;
    free(frame->driver);
}

static bool link_up(struct nic *nic)
{
    (void)nic;
    return true;
}

static void close_tap(struct nic *nic)
{
    close(owner(nic)->descriptor);
}

bool tap_open(struct tap *tap, const char *name, const uint8_t mac[6])
{
    static const struct nic_ops ops = {send_frame, receive_frame, release_frame, link_up, close_tap};
    struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI};
    int descriptor;

    if (strlen(name) >= sizeof request.ifr_name) {
        errno = ENAMETOOLONG;
        return false;
    }
    memcpy(request.ifr_name, name, strlen(name) + 1);
    descriptor = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (descriptor < 0)
        return false;
    if (ioctl(descriptor, TUNSETIFF, &request) != 0) {
        int why = errno;

        close(descriptor);
        errno = why;
        return false;
    }
    *tap = (struct tap){.nic = {.ops = &ops, .mtu = MTU}, .descriptor = descriptor};
    memcpy(tap->nic.mac, mac, sizeof tap->nic.mac);
    return true;
}

void tap_drain(struct tap *tap)
{
    uint8_t buffer[FRAME_MAX];

    while (read(tap->descriptor, buffer, sizeof buffer) > 0)
        ;
}
