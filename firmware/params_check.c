/* SPDX-License-Identifier: BSD-2-Clause */
/* What follows from several settings together. */
#include "params_table.h"

#include <string.h>

#include "iscsi/bytes.h"

/* An error about a key that blames the place where it was set. */
static bool blame(const struct params *params, enum param_id id, struct params_error *ret_error,
                  const char *reason)
{
    const struct param_value *value = &params->values[id];
    const char *file = params_file_name(params, value->file);

    params_refuse(ret_error, value->source, value->line, params_key(id), strlen(params_key(id)), "%s",
                  reason);
    memcpy(ret_error->file, file, strlen(file) + 1);
    return false;
}

/* --- Where to boot from --- */

/* Does the key count, or the root path, which has the same thing in it? */
static bool is_own(const struct params *params, enum param_id id)
{
    return params->values[id].source >= params->values[PARAM_ROOT_PATH_KEY].source;
}

unsigned params_target_count(const struct params *params)
{
    const struct param_value *value = &params->values[PARAM_ROOT_PATH_KEY];
    struct rootpath ignored;
    unsigned count = params_root_paths(value->text, value->length, PARAMS_TARGETS_MAX, &ignored);

    return count > 0 ? count : 1;
}

static bool refuse_no_portal(struct params_error *ret_error)
{
    return params_refuse(
        ret_error, PARAM_UNSET, 0, "portal", 6,
        "neither DHCP on this network nor the configuration says where it is; set root-path in "
        "lunboot.conf or DHCP option 17, or portal in lunboot.conf");
}

bool params_target(const struct params *params, unsigned index, struct params_target *ret_target,
                   struct params_error *ret_error)
{
    const struct param_value *values = params->values, *path_value = &values[PARAM_ROOT_PATH_KEY];
    const struct param_value *portal = &values[PARAM_PORTAL_KEY];
    struct params_target target;
    struct rootpath path;

    memset(&path, 0, sizeof path);
    memset(&target, 0, sizeof target);
    params_root_paths(path_value->text, path_value->length, index, &path);
    target.portals[0] = path.portal;
    target.portal_count = path.portal.host[0] ? 1 : 0;
    memcpy(target.target, path.target, sizeof target.target);
    memcpy(target.lun, path.lun, sizeof target.lun);
    if (params_is_set(params, PARAM_PORTAL_KEY) && is_own(params, PARAM_PORTAL_KEY))
        target.portal_count = params_portals(portal->text, portal->length, target.portals);
    if (params_is_set(params, PARAM_TARGET) && is_own(params, PARAM_TARGET))
        memcpy(target.target, values[PARAM_TARGET].text, (size_t)values[PARAM_TARGET].length + 1);
    if (is_own(params, PARAM_LUN_KEY))
        bytes_put64(target.lun, values[PARAM_LUN_KEY].number);
    if (target.portal_count == 0)
        return refuse_no_portal(ret_error);
    *ret_target = target;
    return true;
}

/* --- Authentication --- */

static bool has_pair(const struct params *params, enum param_id name, enum param_id secret)
{
    return params_is_set(params, name) && params_is_set(params, secret);
}

enum login_policy params_login_policy(const struct params *params)
{
    if (params_is_set(params, PARAM_AUTH))
        return (enum login_policy)params_number(params, PARAM_AUTH);
    if (has_pair(params, PARAM_MUTUAL_CHAP_NAME, PARAM_MUTUAL_CHAP_SECRET))
        return LOGIN_AUTH_MUTUAL;
    if (has_pair(params, PARAM_CHAP_NAME, PARAM_CHAP_SECRET))
        return LOGIN_AUTH_CHAP;
    return LOGIN_AUTH_NONE;
}

static bool check_pair(const struct params *params, enum param_id name, enum param_id secret,
                       const char *no_secret, const char *no_name, struct params_error *ret_error)
{
    if (params_is_set(params, name) && !params_is_set(params, secret))
        return blame(params, name, ret_error, no_secret);
    if (params_is_set(params, secret) && !params_is_set(params, name))
        return blame(params, secret, ret_error, no_name);
    return true;
}

static bool secrets_equal(const struct params *params)
{
    const struct param_value *ours = &params->values[PARAM_CHAP_SECRET];
    const struct param_value *theirs = &params->values[PARAM_MUTUAL_CHAP_SECRET];

    return ours->length > 0 && ours->length == theirs->length &&
           bytes_equal_secret((const uint8_t *)ours->text, (const uint8_t *)theirs->text, ours->length);
}

/* No policy is served with less than it asks for (REQ-022). */
static bool check_policy(const struct params *params, struct params_error *ret_error)
{
    bool one_way = has_pair(params, PARAM_CHAP_NAME, PARAM_CHAP_SECRET);
    bool mutual = has_pair(params, PARAM_MUTUAL_CHAP_NAME, PARAM_MUTUAL_CHAP_SECRET);

    switch (params_login_policy(params)) {
    case LOGIN_AUTH_MUTUAL:
        if (!one_way || !mutual)
            return blame(
                params, PARAM_AUTH, ret_error,
                "mutual needs chap-name, chap-secret, mutual-chap-name and mutual-chap-secret: set them in "
                "lunboot.conf");
        return true;
    case LOGIN_AUTH_CHAP:
    case LOGIN_AUTH_ANY:
        if (!one_way)
            return blame(params, PARAM_AUTH, ret_error,
                         "CHAP needs chap-name and chap-secret: set them in lunboot.conf");
        return true;
    case LOGIN_AUTH_NONE:
        return true;
    }
    return true;
}

static bool check_chap(const struct params *params, struct params_error *ret_error)
{
    if (!check_pair(params, PARAM_CHAP_NAME, PARAM_CHAP_SECRET,
                    "it is set and chap-secret is not: set that in lunboot.conf",
                    "it is set and chap-name is not: set that too", ret_error) ||
        !check_pair(params, PARAM_MUTUAL_CHAP_NAME, PARAM_MUTUAL_CHAP_SECRET,
                    "it is set and mutual-chap-secret is not: set that in lunboot.conf",
                    "it is set and mutual-chap-name is not: set that too", ret_error))
        return false;
    if (params_is_set(params, PARAM_MUTUAL_CHAP_NAME) && !params_is_set(params, PARAM_CHAP_NAME))
        return blame(params, PARAM_MUTUAL_CHAP_NAME, ret_error,
                     "mutual CHAP needs the one-way kind as well: set chap-name and chap-secret");
    if (secrets_equal(params))
        return blame(
            params, PARAM_MUTUAL_CHAP_SECRET, ret_error,
            "it equals chap-secret: each direction needs a secret of its own (RFC 7143 section 9.2.1)");
    return check_policy(params, ret_error);
}

/* --- Static addresses --- */

static bool on_network(const struct params *params)
{
    const struct param_value *ip = &params->values[PARAM_IP], *gateway = &params->values[PARAM_GATEWAY];
    struct address router;
    uint8_t address[4];
    unsigned prefix;
    char reason[8];
    struct fmt fmt;
    uint32_t difference;

    fmt_init(&fmt, reason, sizeof reason);
    if (!params_parse_network(ip->text, ip->length, address, &prefix, &fmt) ||
        !address_parse(gateway->text, gateway->length, &router))
        return false;
    difference = bytes_get32(address) ^ bytes_get32(router.bytes);
    return difference != 0 && (prefix == 32 ? difference : difference >> (32 - prefix)) == 0;
}

static bool check_addresses(const struct params *params, struct params_error *ret_error)
{
    bool is_static = params_number(params, PARAM_IP) != 0;
    struct params_error ignored;
    struct params_target target;
    struct address address;

    /* A gateway of a lower source than ip = dhcp is merely out of use. */
    if (!is_static)
        return !params_is_set(params, PARAM_GATEWAY) ||
               params->values[PARAM_GATEWAY].source < params->values[PARAM_IP].source ||
               blame(params, PARAM_GATEWAY, ret_error,
                     "it belongs to a static address, and ip is dhcp: set ip too, or remove it");
    if (params_is_set(params, PARAM_GATEWAY) && !on_network(params))
        return blame(params, PARAM_GATEWAY, ret_error,
                     "it is not another host on the network of ip: correct one of the two");
    if (!params_is_set(params, PARAM_DNS) && params_target(params, 0, &target, &ignored) &&
        !address_parse(target.portals[0].host, strlen(target.portals[0].host), &address))
        return blame(
            params, PARAM_IP, ret_error,
            "the target's portal is a name, and with a static address nobody can look it up: set dns too");
    return true;
}

/* The file is replaced: a slip of the pen must not cost lunboot.conf or a program. */
static bool check_capture(const struct params *params, struct params_error *ret_error)
{
    static const char end[] = ".pcap";
    const struct param_value *value = &params->values[PARAM_CAPTURE];

    if (!params_is_set(params, PARAM_CAPTURE) ||
        (value->length >= sizeof end &&
         memcmp(value->text + value->length - (sizeof end - 1), end, sizeof end - 1) == 0))
        return true;
    return blame(params, PARAM_CAPTURE, ret_error, "the file is replaced, so its name must end in .pcap");
}

bool params_check_local(const struct params *params, struct params_error *ret_error)
{
    bool waits = params_number(params, PARAM_SECRETS_FROM_SERVER) == PARAMS_YES;

    return (waits || check_chap(params, ret_error)) && check_addresses(params, ret_error) &&
           check_capture(params, ret_error);
}

bool params_check(const struct params *params, struct params_error *ret_error)
{
    return check_chap(params, ret_error) && params_check_local(params, ret_error);
}

/* --- The derived name --- */

static bool is_somebodys(const uint8_t *uuid)
{
    uint8_t all_ones = 0xff, any = 0;

    for (unsigned i = 0; uuid && i < 16; i++) {
        all_ones &= uuid[i];
        any |= uuid[i];
    }
    return uuid && any != 0 && all_ones != 0xff;
}

void params_derive_name(const uint8_t *uuid, const uint8_t mac[6], char ret_name[NAME_MAX_BYTES + 1])
{
    struct fmt fmt;

    fmt_init(&fmt, ret_name, NAME_MAX_BYTES + 1);
    fmt_print(&fmt, PARAMS_NAME_AUTHORITY ":");
    if (!is_somebodys(uuid)) {
        fmt_print(&fmt, "mac-");
        for (unsigned i = 0; i < 6; i++)
            fmt_print(&fmt, "%02x", mac[i]);
        return;
    }
    fmt_print(&fmt, "uuid");
    for (unsigned i = 0; i < 16; i++)
        fmt_print(&fmt, i == 0 || i == 4 || i == 6 || i == 8 || i == 10 ? "-%02x" : "%02x", uuid[i]);
}
