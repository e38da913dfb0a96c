/* SPDX-License-Identifier: BSD-2-Clause */
#include "served.h"

#include <string.h>

#include "efi/clock.h"
#include "efi/origin.h"
#include "efi/smbios.h"
#include "iscsi/bytes.h"
#include "log.h"
#include "machine.h"
#include "net/fetch.h"
#include "serverfiles.h"
#include "settings.h"
#include "wait.h"

#define FILE_LIMIT 65536u /* as for lunboot.conf beside the program */

static struct {
    char text[FILE_LIMIT];
    struct serverfiles files;
    struct params_includes includes;
    char mac[18], uuid[37], serial[64], ip[16];
    struct params_facts facts;
    uint64_t end_ms;            /* when all of it must be done */
    struct net_address address; /* of the server, once it is known */
} served;

static struct {
    char *text;
    size_t length;
} beside;

void served_keep(char *text, size_t length)
{
    served_forget();
    beside.text = text;
    beside.length = length;
}

void served_forget(void)
{
    if (beside.text) {
        bytes_wipe(beside.text, beside.length);
        uefi_free(beside.text);
    }
    beside.text = NULL;
    bytes_wipe(served.text, sizeof served.text);
}

/* --- Who this machine is, in values and in names of files --- */

static void write_mac(void)
{
    struct fmt fmt;

    fmt_init(&fmt, served.mac, sizeof served.mac);
    fmt_mac(&fmt, machine.nic_entry->mac);
    for (char *c = served.mac; *c; c++)
        if (*c == ':')
            *c = '-'; /* as PXE's own files are named; not every file system takes a colon */
}

static void write_uuid(void)
{
    struct fmt fmt;

    fmt_init(&fmt, served.uuid, sizeof served.uuid);
    for (unsigned i = 0; i < sizeof machine.uuid; i++)
        fmt_print(&fmt, i == 4 || i == 6 || i == 8 || i == 10 ? "-%02x" : "%02x", machine.uuid[i]);
}

static const char *or_null(const char *text)
{
    return text[0] ? text : NULL;
}

static void find_facts(void)
{
    bool has_name = params_is_set(&machine.params, PARAM_HOSTNAME);
    struct fmt fmt;

    write_mac();
    write_uuid();
    served.serial[0] = '\0';
    if (smbios_serial(served.serial, sizeof served.serial))
        serverfiles_serial(served.serial, served.serial, sizeof served.serial);
    fmt_init(&fmt, served.ip, sizeof served.ip);
    fmt_ipv4(&fmt, machine.lease.address);
    served.facts = (struct params_facts){
        .mac = served.mac,
        .uuid = machine.has_uuid ? served.uuid : NULL,
        .serial = or_null(served.serial),
        .hostname = has_name ? params_text(&machine.params, PARAM_HOSTNAME) : or_null(machine.lease.hostname),
        .ip = served.ip,
    };
}

/* --- Where from --- */

static void print_quoted(struct fmt *fmt, const char *text)
{
    fmt_escaped(fmt, text, strlen(text));
}

/* The boot server's word goes before ProxyDHCP's, and that before the DHCP server's (PXE 2.1 section 2.2). */
static bool find_boot_file(const struct origin *origin, struct net_boot_file *ret_file)
{
    const struct origin_packet *packets[] = {&origin->reply, &origin->proxy, &origin->ack};

    for (unsigned i = 0; i < sizeof packets / sizeof packets[0]; i++)
        if (packets[i]->length > 0 && net_boot_file(packets[i]->bytes, packets[i]->length, ret_file))
            return true;
    return false;
}

static void print_tftp(const struct net_boot_file *file, struct fmt *fmt)
{
    fmt_print(fmt, "tftp://");
    fmt_ipv4(fmt, file->server);
    fmt_print(fmt, "/%s", file->file);
}

/* What the firmware loaded us from, as a URL; empty: it does not say, or not over this NIC. */
static void find_own_url(char *ret_text, size_t capacity)
{
    const struct origin *origin = origin_find();
    struct net_boot_file file;
    struct fmt fmt;

    fmt_init(&fmt, ret_text, capacity);
    if (!machine.nic_entry->loaded_from)
        return;
    if (origin->url[0])
        fmt_print(&fmt, "%s", origin->url);
    else if (find_boot_file(origin, &file))
        print_tftp(&file, &fmt);
}

/* False: there is no server to ask, or (told in the log) none that can be asked. */
static bool find_server(struct url *ret_url)
{
    const char *from = params_text(&machine.params, PARAM_CONFIG_FROM), *wrong;
    char own[ORIGIN_URL_MAX + 16], line[LOG_LINE_MAX];
    struct fmt fmt;

    if (strcmp(from, "off") == 0)
        return false;
    if (strcmp(from, "auto") == 0) {
        find_own_url(own, sizeof own);
        from = own;
        if (!own[0])
            return false;
    }
    wrong = url_parse(from, strlen(from), ret_url);
    if (!wrong)
        return true;
    fmt_init(&fmt, line, sizeof line);
    fmt_print(&fmt, "no settings are looked for at ");
    print_quoted(&fmt, from);
    fmt_print(&fmt, ": %s", wrong);
    log_print(LOG_INFO, "%s", line);
    return false;
}

/* --- Fetching --- */

static uint64_t left_ms(void)
{
    uint64_t now = clock_ms();

    return now < served.end_ms ? served.end_ms - now : 0;
}

static bool is_resolved(void *context)
{
    struct net_address addresses[NET_NAMES_MAX];
    unsigned count;

    (void)context;
    return net_resolve_poll(addresses, &count) != NET_RESOLVING;
}

static enum served_result fail_name(const char *host)
{
    char name[ADDRESS_HOST_MAX * 4 + 1];
    struct fmt fmt;

    fmt_init(&fmt, name, sizeof name);
    print_quoted(&fmt, host);
    machine_fail(
        FAILURE_SERVED, EFI_NOT_FOUND,
        "The settings cannot be fetched: no name server here knows %s; check the name server that DHCP "
        "gives, or use the server's address.",
        name);
    return SERVED_FAILED;
}

/* The server's address, once for all files. */
static enum served_result resolve(const char *host)
{
    struct net_address addresses[NET_NAMES_MAX];
    unsigned count = 0;

    net_resolve_start(host);
    if (wait_until("the name of the server with the settings", left_ms(), is_resolved, NULL) == WAIT_ESC)
        return SERVED_ESC;
    if (net_resolve_poll(addresses, &count) != NET_RESOLVED || count == 0)
        return fail_name(host);
    served.address = addresses[0];
    return SERVED_DONE;
}

static bool is_fetched(void *context)
{
    size_t length;

    (void)context;
    return fetch_poll(&length) != FETCH_RUNNING;
}

/* One file into served.text; *ret_state says how it went, where we were not interrupted. */
static enum served_result fetch(const struct url *url, enum fetch_state *ret_state, size_t *ret_length)
{
    const struct fetch_request request = {
        .scheme = url->scheme == URL_HTTP ? FETCH_HTTP : FETCH_TFTP,
        .address = served.address,
        .port = url->server.port,
        .host = url->server.host,
        .path = url->scheme == URL_HTTP ? url->path : url_tftp_name(url),
        .limit_ms = (uint32_t)left_ms(),
    };
    enum wait_end end;

    *ret_state = FETCH_MALFORMED;
    if (!fetch_start(&request, served.text, sizeof served.text))
        return SERVED_DONE;
    end = wait_until("the settings from the server", UINT64_MAX, is_fetched, NULL);
    *ret_state = fetch_poll(ret_length);
    fetch_stop();
    return end == WAIT_ESC ? SERVED_ESC : SERVED_DONE;
}

static const struct {
    const char *seen, *remedy;
} fetch_words[] = {
    [FETCH_ABSENT] = {"there is no such file", "put it there, or remove the include that names it"},
    [FETCH_DENIED] = {"the server refuses to give it", "correct the file's permissions"},
    [FETCH_MOVED] = {"the server says that it has moved, and lunboot follows no redirection",
                     "serve the file itself there"},
    [FETCH_ENCODED] = {"the server sends it encoded", "serve it as a plain file of known length"},
    [FETCH_ANSWER] = {"the server answers with an error", "look into the server's log"},
    [FETCH_TOO_LARGE] = {"it is larger than 64 KiB", "shorten it"},
    [FETCH_SHORT] = {"it broke off before its end", "look into the server's log"},
    [FETCH_TIMEOUT] = {"the server did not answer in time", "check that it runs, or set config-timeout"},
    [FETCH_REFUSED] = {"the server refuses the connection", "check that it runs, and its port"},
    [FETCH_UNREACHABLE] = {"the server cannot be reached", "check the gateway that DHCP gives"},
    [FETCH_MALFORMED] = {"the answer cannot be understood", "check what listens there"},
    [FETCH_FAILED] = {"there is no memory for it, or the NIC stopped working", "try another NIC"},
};

static void print_url(const struct url *url, struct fmt *fmt)
{
    char text[URL_TEXT_MAX];

    url_format(url, text);
    print_quoted(fmt, text);
}

static enum served_result fail_fetch(const struct url *url, enum fetch_state state)
{
    char line[WORDS_MAX];
    struct fmt fmt;

    fmt_init(&fmt, line, sizeof line);
    fmt_print(&fmt, "The settings at ");
    print_url(url, &fmt);
    fmt_print(&fmt, " cannot be fetched: %s", fetch_words[state].seen);
    if (fetch_detail()[0]) {
        fmt_print(&fmt, " (");
        print_quoted(&fmt, fetch_detail());
        fmt_print(&fmt, ")");
    }
    fmt_print(&fmt, "; %s.", fetch_words[state].remedy);
    machine_fail(FAILURE_SERVED, EFI_NOT_READY, "%s", line);
    return SERVED_FAILED;
}

/* --- Reading --- */

static bool parse(const char *name, const char *text, size_t length)
{
    const struct params_file file = {.name = name, .source = PARAM_SERVER, .facts = &served.facts};
    struct params_error error;

    if (params_read_file(&machine.params, &file, text, length, &served.includes, &error))
        return true;
    settings_refuse(&error);
    return false;
}

static enum served_result fail_include(const struct url *from, unsigned index, const char *wrong)
{
    char line[WORDS_MAX];
    struct fmt fmt;

    fmt_init(&fmt, line, sizeof line);
    fmt_print(&fmt, "The configuration cannot be used: ");
    print_url(from, &fmt);
    fmt_print(&fmt, ", include = ");
    print_quoted(&fmt, served.includes.paths[index]);
    fmt_print(&fmt, ": %s.", wrong);
    machine_fail(FAILURE_CONFIG, EFI_INVALID_PARAMETER, "%s", line);
    return SERVED_FAILED;
}

static void warn_of_secrets(void)
{
    for (unsigned id = 0; id < PARAM_COUNT; id++)
        if (machine.params.values[id].source == PARAM_SERVER &&
            (id == PARAM_CHAP_SECRET || id == PARAM_MUTUAL_CHAP_SECRET)) {
            log_print(LOG_ERROR,
                      "warning: a CHAP secret came from the server; whoever reads this network or asks "
                      "that server has it too");
            return;
        }
}

static enum served_result take_file(const struct serverfile *file, size_t length)
{
    char name[URL_TEXT_MAX];
    unsigned index = 0;
    const char *wrong;
    bool good;

    url_format(&file->url, name);
    log_print(LOG_INFO, "settings from %s", name);
    good = parse(name, served.text, length);
    bytes_wipe(served.text, length);
    if (!good)
        return SERVED_FAILED;
    wrong = serverfiles_found(&served.files, &served.includes, &index);
    return wrong ? fail_include(&file->url, index, wrong) : SERVED_DONE;
}

static enum served_result next_file(const struct serverfile *file)
{
    enum fetch_state state;
    size_t length = 0;
    enum served_result result = fetch(&file->url, &state, &length);
    bool needed = file->role == SERVERFILES_INCLUDE;

    if (result != SERVED_DONE)
        return result;
    if (state == FETCH_DONE)
        return take_file(file, length);
    if (needed || (state != FETCH_ABSENT && state != FETCH_DENIED))
        return fail_fetch(&file->url, state);
    serverfiles_absent(&served.files);
    return SERVED_DONE;
}

static enum served_result read_server(const struct url *base)
{
    const struct serverfile *file;
    enum served_result result = resolve(base->server.host);

    serverfiles_init(&served.files, base, &served.facts);
    while (result == SERVED_DONE && (file = serverfiles_current(&served.files)) != NULL)
        result = next_file(file);
    return result;
}

/* Its includes, if it has any, are looked for nowhere: there is no folder that they could be relative to. */
static enum served_result read_beside(void)
{
    if (!beside.text)
        return SERVED_DONE;
    log_print(LOG_INFO, "settings from the file that came over the network with the program");
    if (!parse("lunboot.conf (from the network)", beside.text, beside.length))
        return SERVED_FAILED;
    if (served.includes.count == 0)
        return SERVED_DONE;
    machine_fail(
        FAILURE_CONFIG, EFI_INVALID_PARAMETER,
        "The configuration cannot be used: lunboot.conf came over the network beside the program, and an "
        "include in it leads nowhere: set config-from and put the files there.");
    return SERVED_FAILED;
}

static enum served_result check(void)
{
    struct params_error error;

    if (!params_check(&machine.params, &error)) {
        settings_refuse(&error);
        return SERVED_FAILED;
    }
    log_set_level((enum log_level)params_number(&machine.params, PARAM_LOG_LEVEL));
    warn_of_secrets();
    return SERVED_DONE;
}

enum served_result served_read(void)
{
    enum served_result result;
    struct url base;

    find_facts();
    served.end_ms = clock_ms() + params_number(&machine.params, PARAM_CONFIG_TIMEOUT);
    result = read_beside();
    if (result == SERVED_DONE && find_server(&base))
        result = read_server(&base);
    return result == SERVED_DONE ? check() : result;
}
