/* SPDX-License-Identifier: BSD-2-Clause */
#include "settings.h"

#include <string.h>

#include "efi/acpi.h"
#include "efi/file.h"
#include "efi/origin.h"
#include "efi/smbios.h"
#include "enrol.h"
#include "ibft.h"
#include "iscsi/bytes.h"
#include "log.h"
#include "machine.h"
#include "served.h"
#include "stored.h"

#define CONF_NAME  "lunboot.conf"
#define CONF_LIMIT 65536u

#define VENDOR_TOLD 4u /* parts of option 43 that get a line each: a console can be slow */

bool settings_refuse(const struct params_error *error)
{
    char reason[WORDS_MAX];
    struct fmt fmt;

    fmt_init(&fmt, reason, sizeof reason);
    params_error_text(error, &fmt);
    if (error->source == PARAM_VARIABLE && error->key[0])
        fmt_print(&fmt, " `lunboot.efi config delete %s` in the UEFI Shell removes it.", error->key);
    machine_fail(FAILURE_CONFIG, EFI_INVALID_PARAMETER, "The configuration cannot be used: %s", reason);
    return false;
}

static bool read_options(void)
{
    struct params_error error;
    size_t length;
    char *options = file_load_options(&length);
    bool good = true;

    if (options && origin_find()->handed)
        good = params_read_handed(&machine.configured, options, length, &error);
    else if (options)
        good = params_read_options(&machine.configured, options, length, &error);

    if (options)
        bytes_wipe(options, length); /* a secret that was refused may stand there */
    uefi_free(options);
    return good || settings_refuse(&error);
}

static bool read_conf(void)
{
    struct params_error error;
    size_t length = 0;
    char *text = NULL;
    EFI_STATUS status = file_read_beside(CONF_NAME, CONF_LIMIT, &text, &length);
    bool good;

    if (status == EFI_NOT_FOUND) {
        log_print(LOG_DEBUG, "no " CONF_NAME " beside the program");
        return true;
    }
    if (EFI_ERROR(status)) {
        machine_fail(FAILURE_CONFIG, EFI_INVALID_PARAMETER,
                     status == EFI_BUFFER_TOO_SMALL ? CONF_NAME " is larger than 64 KiB (%s): shorten it."
                                                    : CONF_NAME " could not be read (%s): check the medium.",
                     uefi_status_name(status));
        return false;
    }
    if (origin_find()->network) { /* it came the same way as the program: no local word */
        served_keep(text, length);
        return true;
    }
    good = params_read_file(&machine.configured, &(struct params_file){CONF_NAME, PARAM_FILE, NULL}, text,
                            length, NULL, &error);
    bytes_wipe(text, length);
    uefi_free(text);
    return good || settings_refuse(&error);
}

static bool read_variables(void)
{
    struct params_error error;

    return stored_read(&machine.configured, &error) || settings_refuse(&error);
}

static void log_table(const struct ibft *ibft)
{
    char line[LOG_LINE_MAX];
    struct fmt fmt;

    fmt_init(&fmt, line, sizeof line);
    fmt_escaped(&fmt, ibft->targets[0].name, strlen(ibft->targets[0].name));
    log_print(LOG_INFO, "an iBFT of an earlier stage is there: target %s", line);
}

/* A table that an earlier stage left is a source like the others; a damaged one is told and left alone. */
static bool read_table(void)
{
    static struct ibft ibft;
    struct params_error error;
    const char *wrong;
    size_t length;
    const uint8_t *table = acpi_find("iBFT", 0, &length);
    bool good;

    if (!table)
        return true;
    wrong = ibft_parse(table, length, &ibft);
    if (wrong) {
        log_print(LOG_ERROR, "the iBFT that is there is not used: %s", wrong);
        bytes_wipe(&ibft, sizeof ibft);
        return true;
    }
    log_table(&ibft);
    good = params_from_ibft(&machine.configured, &ibft, &error);
    bytes_wipe(&ibft, sizeof ibft);
    return good || settings_refuse(&error);
}

static void seed_network(void)
{
    static const char label[] = "network";
    const struct hash_piece pieces[] = {{machine.seed, sizeof machine.seed}, {label, sizeof label}};
    uint8_t seed[HASH_SEED];

    hash_compute(HASH_SHA256, pieces, 2, seed);
    hash_random_init(&machine.network_random, seed);
    bytes_wipe(seed, sizeof seed);
}

static void read_identity(void)
{
    machine.has_uuid = smbios_uuid(machine.uuid);
    machine.entropy = entropy_seed(machine.seed);
    seed_network();
    log_print(LOG_DEBUG, "randomness from %s", entropy_name(machine.entropy));
}

bool settings_read_kept(void)
{
    bool good;

    params_init(&machine.configured);
    /* The file first, so that its pause-on-failure holds when something else is wrong; sources decide who
     * wins. */
    good = read_conf();
    good = read_variables() && good;
    return read_table() && good;
}

bool settings_read(void)
{
    struct params_error error;
    bool good;

    enrol_take();
    good = settings_read_kept();
    good = read_options() && good;
    if (!good)
        return false;
    log_set_level((enum log_level)params_number(&machine.configured, PARAM_LOG_LEVEL));
    read_identity();
    return params_check_local(&machine.configured, &error) || settings_refuse(&error);
}

/* What the network says and cannot be used is told, and does not stop the boot. */
static void ignore(const struct params_error *error)
{
    char reason[WORDS_MAX];
    struct fmt fmt;

    fmt_init(&fmt, reason, sizeof reason);
    params_error_text(error, &fmt);
    log_print(LOG_ERROR, "ignored: %s", reason);
    if (strcmp(error->key, params_key(PARAM_ROOT_PATH_KEY)) == 0)
        memcpy(machine.lease_reason, reason, sizeof reason);
}

static void add_option(enum param_id id, const uint8_t *bytes, size_t length)
{
    struct params_error error;

    if (length && !params_set_id(&machine.params, id, (const char *)bytes, length, PARAM_DHCP, 0, &error))
        ignore(&error);
}

static void add_vendor(const uint8_t *bytes, size_t length)
{
    struct params_error error;
    unsigned wrong = 0;
    size_t at = 0;

    while (!params_read_vendor(&machine.params, bytes, length, &at, &error))
        if (wrong++ < VENDOR_TOLD)
            ignore(&error);
    if (wrong > VENDOR_TOLD)
        log_print(LOG_ERROR, "ignored: %u more parts of DHCP option 43", wrong - VENDOR_TOLD);
}

void settings_add_lease(void)
{
    const struct net_lease *lease = &machine.lease;

    machine.lease_reason[0] = '\0';
    add_option(PARAM_ROOT_PATH_KEY, lease->root_path, lease->root_path_length);
    add_option(PARAM_INITIATOR_NAME, lease->initiator_name, lease->initiator_name_length);
    add_vendor(lease->vendor, lease->vendor_length);
    if (lease->too_long)
        log_print(LOG_ERROR, "ignored: a DHCP option of more than %u bytes", NET_OPTION_MAX);
}

bool settings_choose_name(void)
{
    const char *name = params_text(&machine.params, PARAM_INITIATOR_NAME);

    if (params_is_set(&machine.params, PARAM_INITIATOR_NAME))
        memcpy(machine.initiator_name, name, strlen(name) + 1);
    else
        params_derive_name(machine.has_uuid ? machine.uuid : NULL, machine.name_mac, machine.initiator_name);
    log_print(LOG_INFO, "initiator %s (%s)", machine.initiator_name,
              params_is_set(&machine.params, PARAM_INITIATOR_NAME)
                  ? params_source_name(machine.params.values[PARAM_INITIATOR_NAME].source)
              : machine.has_uuid ? "derived from the machine's UUID"
                                 : "derived from the lowest MAC");
    return true;
}

void settings_log(void)
{
    char line[LOG_LINE_MAX];
    struct fmt fmt;

    for (unsigned i = 0; i < PARAM_COUNT; i++) {
        enum log_level level = params_is_set(&machine.params, (enum param_id)i) ? LOG_DEBUG : LOG_TRACE;

        fmt_init(&fmt, line, sizeof line);
        params_describe(&machine.params, (enum param_id)i, &fmt);
        log_print(level, "%s", line);
    }
}
