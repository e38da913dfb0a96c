/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The scripted target on a port of our loopback, for lunctl and for lunboot.efi in QEMU: it prints the port,
 * lies as it is told, and ends when its standard input is closed, or with its parent. Then it prints how many
 * lies it told, and its first complaint about the initiator, if any. What is written stays in memory.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/target/target.h"

#define BLOCK   512u
#define MISUSED 2

struct options {
    const char *file, *host; /* host: the address that the initiator knows us by */
    char *chap, *mutual;     /* NAME:SECRET */
    const char *lies[TARGET_SCRIPTS];
    unsigned lie_count;
    bool always, digests, list;
};

static struct target target;

/* --- What is asked for --- */

static const struct option long_options[] = {
    {"lie", required_argument, NULL, 'l'},
    {"always", no_argument, NULL, 'a'},
    {"file", required_argument, NULL, 'f'},
    {"chap", required_argument, NULL, 'c'},
    {"host", required_argument, NULL, 'h'},
    {"mutual", required_argument, NULL, 'm'},
    {"digests", no_argument, NULL, 'd'},
    {"list", no_argument, NULL, 'L'},
    {NULL, 0, NULL, 0},
};

static int misused(const char *what, const char *why)
{
    fprintf(stderr,
            "liard: %s: %s\n"
            "usage: liard [--lie NAME[:SKIP]]... [--always] [--file DISK] [--host ADDRESS] [--digests]\n"
            "             [--chap NAME:SECRET [--mutual NAME:SECRET]]\n"
            "       liard --list\n",
            what, why);
    return MISUSED;
}

static bool take_option(struct options *options, int option)
{
    switch (option) {
    case 'l':
        if (options->lie_count == TARGET_SCRIPTS)
            return false;
        options->lies[options->lie_count++] = optarg;
        return true;
    case 'a':
        return options->always = true;
    case 'f':
        options->file = optarg;
        return true;
    case 'h':
        options->host = optarg;
        return true;
    case 'c':
        return (options->chap = strchr(optarg, ':') != NULL ? optarg : NULL) != NULL;
    case 'm':
        return (options->mutual = strchr(optarg, ':') != NULL ? optarg : NULL) != NULL;
    case 'd':
        return options->digests = true;
    case 'L':
        return options->list = true;
    default:
        return false;
    }
}

/* Name, opcode, what comes of it, requirements. */
static void list(void)
{
    for (unsigned i = 0; target_lie_name(i) != NULL; i++) {
        unsigned outcome = target_lie_outcome(i);

        printf("%s\t%02x\t%s%s\t%s\n", target_lie_name(i), target_lie_opcode(i),
               outcome & TARGET_RIGHT ? "right" : "fault", outcome & TARGET_MISLED ? " misled" : "",
               target_lie_requirements(i));
    }
}

/* NAME[:SKIP] */
static bool arm(const char *text, bool always)
{
    char name[64];
    const char *colon = strchr(text, ':');
    unsigned skip = colon != NULL ? (unsigned)strtoul(colon + 1, NULL, 10) : 0;

    snprintf(name, sizeof(name), "%.*s", (int)strcspn(text, ":"), text);
    return always ? target_lie_always(&target, name, skip) : target_lie(&target, name, skip);
}

static const char *split(char *account)
{
    char *colon = strchr(account, ':');

    *colon = '\0';
    return colon + 1;
}

static void set_accounts(struct target_config *config, const struct options *options)
{
    if (options->chap != NULL) {
        config->chap_secret = (const uint8_t *)split(options->chap);
        config->chap_secret_length = strlen((const char *)config->chap_secret);
        config->chap_name = options->chap;
    }
    if (options->mutual != NULL) {
        config->mutual_secret = (const uint8_t *)split(options->mutual);
        config->mutual_secret_length = strlen((const char *)config->mutual_secret);
        config->mutual_name = options->mutual;
    }
}

/* The disk is the file's content, or the pattern of the target. False: it cannot be read. */
static bool start(const struct options *options, uint16_t port)
{
    static char address[80], targets[300];
    FILE *file = options->file != NULL ? fopen(options->file, "rb") : NULL;
    struct target_config config;
    bool whole = true;

    target_default(&config);
    set_accounts(&config, options);
    config.header_digest = config.data_digest = options->digests;
    config.time2wait = 0;
    snprintf(address, sizeof(address), "%s:%u", options->host, port);
    snprintf(targets, sizeof(targets), "TargetName=%s|TargetAddress=%s,1|", config.name, address);
    config.address = address;
    config.targets = targets;
    if (file != NULL && fseek(file, 0, SEEK_END) == 0)
        config.blocks = (uint32_t)(ftell(file) / BLOCK);
    target_init(&target, &config);
    if (file != NULL) {
        rewind(file);
        whole = fread(target.disk, BLOCK, config.blocks, file) == config.blocks;
        fclose(file);
    }
    return whole && (file != NULL || options->file == NULL);
}

/* --- The wire --- */

static int listen_somewhere(uint16_t *ret_port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof(address);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (listener < 0 || bind(listener, (struct sockaddr *)&address, length) != 0 ||
        listen(listener, 8) != 0 || getsockname(listener, (struct sockaddr *)&address, &length) != 0)
        return -1;
    *ret_port = ntohs(address.sin_port);
    return listener;
}

/* With a reset if it is wanted. */
static void hang_up(int *connection)
{
    const struct linger now = {.l_onoff = 1};

    if (*connection < 0)
        return;
    if (target.reset_wanted)
        setsockopt(*connection, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
    close(*connection);
    *connection = -1;
}

/* A new connection takes the place of the last one: there is one session, and a login reinstates it. */
static void answer(int listener, int *connection)
{
    const int on = 1;

    hang_up(connection);
    *connection = accept(listener, NULL, NULL);
    setsockopt(*connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    target_connect(&target);
}

static void receive(int *connection)
{
    uint8_t bytes[65536];
    ssize_t n = recv(*connection, bytes, sizeof(bytes), MSG_DONTWAIT);

    if (n > 0)
        target_input(&target, bytes, (size_t)n);
    else if (n == 0 || (errno != EAGAIN && errno != EINTR))
        hang_up(connection);
}

static void transmit(int *connection)
{
    const uint8_t *bytes;
    size_t length = target_output(&target, &bytes);
    ssize_t n = length != 0 ? send(*connection, bytes, length, MSG_NOSIGNAL | MSG_DONTWAIT) : 0;

    if (n < 0 && errno != EAGAIN && errno != EINTR) {
        hang_up(connection);
        return;
    }
    target_sent(&target, n > 0 ? (size_t)n : 0);
    if (target_output(&target, &bytes) == 0 && (target.close_wanted || target.reset_wanted))
        hang_up(connection);
}

static void serve(int listener)
{
    const uint8_t *bytes;
    int connection = -1;

    for (;;) {
        struct pollfd at[] = {{STDIN_FILENO, POLLIN, 0}, {listener, POLLIN, 0}, {connection, POLLIN, 0}};

        if (connection >= 0 && target_output(&target, &bytes) != 0)
            at[2].events |= POLLOUT;
        if (poll(at, 3, -1) < 0 && errno != EINTR)
            return;
        if (at[0].revents != 0 && read(STDIN_FILENO, &(char){0}, 1) <= 0)
            break;
        if (at[1].revents & POLLIN) {
            answer(listener, &connection);
            continue;
        }
        if (at[2].revents & (POLLIN | POLLHUP | POLLERR))
            receive(&connection);
        if (connection >= 0)
            transmit(&connection);
    }
    hang_up(&connection);
}

int main(int argc, char **argv)
{
    struct options options = {.host = "127.0.0.1"};
    uint16_t port = 0;
    int listener, option;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
        if (!take_option(&options, option))
            return misused("options", "not understood");
    }
    if (options.list) {
        list();
        return 0;
    }
    listener = listen_somewhere(&port);
    if (listener < 0 || !start(&options, port))
        return misused(options.file != NULL ? options.file : "listen", strerror(errno));
    for (unsigned i = 0; i < options.lie_count; i++) {
        if (!arm(options.lies[i], options.always))
            return misused(options.lies[i], "no such lie");
    }
    target.stray_ok = true;
    printf("%u\n", port);
    fflush(stdout);
    serve(listener);
    printf("told %u\n%s%s", target.lies_told, target.complaint != NULL ? target.complaint : "",
           target.complaint != NULL ? "\n" : "");
    close(listener);
    target_done(&target);
    return 0;
}
