/* SPDX-License-Identifier: BSD-2-Clause */
/* What `nic`, `ip`, `gateway`, `dns` and `lossy` mean. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "firmware/nicname.h"

static const struct nicname nic = {.mac = {0x52, 0x54, 0x00, 0x12, 0x34, 0xab},
                                   .has_pci = true,
                                   .segment = 0,
                                   .bus = 3,
                                   .device = 0x1f,
                                   .function = 6};

static void test_a_nic_is_named_by_its_mac(void **state)
{
    (void)state;
    assert_true(nicname_matches(&nic, "52:54:00:12:34:ab"));
    assert_true(nicname_matches(&nic, "52-54-00-12-34-AB"));
    assert_false(nicname_matches(&nic, "52:54:00:12:34:ac"));
    assert_false(nicname_matches(&nic, "52:54:00:12:34"));
    assert_false(nicname_matches(&nic, "52:54:00:12:34:ab:00"));
    assert_false(nicname_matches(&nic, "52:54:00:12:34:1ab"));
    assert_false(nicname_matches(&nic, ""));
}

static void test_a_nic_is_named_by_its_pci_address(void **state)
{
    struct nicname other = nic;

    (void)state;
    assert_true(nicname_matches(&nic, "03:1f.6"));
    assert_true(nicname_matches(&nic, "0000:03:1f.6"));
    assert_true(nicname_matches(&nic, "3:1F.6"));
    assert_false(nicname_matches(&nic, "03:1f.5"));
    assert_false(nicname_matches(&nic, "0001:03:1f.6"));
    assert_false(nicname_matches(&nic, "03:1f"));
    assert_false(nicname_matches(&nic, "03:1f."));
    assert_false(nicname_matches(&nic, "0:0:03:1f.6"));
    assert_false(nicname_matches(&nic, "03:1f.6x"));
    other.has_pci = false;
    assert_false(nicname_matches(&other, "03:1f.6"));
    other = nic;
    other.segment = 1;
    assert_false(nicname_matches(&other, "03:1f.6"));
    assert_true(nicname_matches(&other, "1:03:1f.6"));
}

static void test_a_netmask_becomes_a_prefix(void **state)
{
    (void)state;
    assert_int_equal(nicname_prefix((const uint8_t[4]){0, 0, 0, 0}), 0);
    assert_int_equal(nicname_prefix((const uint8_t[4]){255, 255, 255, 0}), 24);
    assert_int_equal(nicname_prefix((const uint8_t[4]){255, 255, 240, 0}), 20);
    assert_int_equal(nicname_prefix((const uint8_t[4]){255, 255, 255, 255}), 32);
    assert_int_equal(nicname_prefix((const uint8_t[4]){255, 0, 255, 0}), 8);
}

static void set(struct params *params, enum param_id id, const char *value)
{
    struct params_error error;

    assert_true(params_set_id(params, id, value, strlen(value), PARAM_FILE, 1, &error));
}

static void test_static_settings_become_a_lease(void **state)
{
    static struct params params;
    struct net_lease lease;

    (void)state;
    params_init(&params);
    set(&params, PARAM_IP, "192.168.7.9/20");
    set(&params, PARAM_GATEWAY, "192.168.0.1");
    set(&params, PARAM_DNS, "10.1.1.1,10.2.2.2");
    set(&params, PARAM_HOSTNAME, "node7");
    nicname_static_lease(&params, &lease);
    assert_memory_equal(lease.address, "\xc0\xa8\x07\x09", 4);
    assert_memory_equal(lease.netmask, "\xff\xff\xf0\x00", 4);
    assert_memory_equal(lease.gateway, "\xc0\xa8\x00\x01", 4);
    assert_memory_equal(lease.dns[0], "\x0a\x01\x01\x01", 4);
    assert_memory_equal(lease.dns[1], "\x0a\x02\x02\x02", 4);
    assert_string_equal(lease.hostname, "node7");
    assert_memory_equal(lease.server, "\0\0\0\0", 4);
}

static void test_lossy_takes_five_numbers(void **state)
{
    struct lossy_config config = {.seed = 77};

    (void)state;
    assert_true(nicname_parse_lossy("12,1,2,3,65535", &config));
    assert_int_equal(config.seed, 12);
    assert_int_equal(config.lose, 1);
    assert_int_equal(config.repeat, 2);
    assert_int_equal(config.reorder, 3);
    assert_int_equal(config.damage, 65535);
    config.seed = 77;
    assert_false(nicname_parse_lossy("12,1,2,3", &config));
    assert_false(nicname_parse_lossy("12,1,2,3,4,5", &config));
    assert_false(nicname_parse_lossy("12,1,2,3,65536", &config));
    assert_false(nicname_parse_lossy("12,1,,3,4", &config));
    assert_false(nicname_parse_lossy("", &config));
    assert_int_equal(config.seed, 77);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_nic_is_named_by_its_mac),
        cmocka_unit_test(test_a_nic_is_named_by_its_pci_address),
        cmocka_unit_test(test_a_netmask_becomes_a_prefix),
        cmocka_unit_test(test_static_settings_become_a_lease),
        cmocka_unit_test(test_lossy_takes_five_numbers),
    };

    return cmocka_run_group_tests_name("nicname", tests, NULL, NULL);
}
