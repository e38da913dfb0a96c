/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The nics that stand before another nic: the recorder, whose file other programs must read, and the lossy
 * wire, whose faults a seed must bring back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "net/lossy.h"
#include "net/net.h"
#include "net/pcap.h"
#include "tests/world/packet.h"
#include "tests/world/world.h"

#define ROUNDS 2000u

/* ---- recorder ---- */

static uint32_t little(const uint8_t *at)
{
    return (uint32_t)at[3] << 24 | (uint32_t)at[2] << 16 | (uint32_t)at[1] << 8 | at[0];
}

/* Sends one frame and receives one, whose bytes are all the same. */
static void pass_two(struct nic *nic, uint8_t sent, uint8_t received)
{
    uint8_t frame[100];
    struct nic_frame got;

    memset(frame, sent, sizeof frame);
    assert_int_equal(nic_send(nic, frame, sizeof frame), NIC_OK);
    memset(frame, received, sizeof frame);
    world_send(frame, sizeof frame, 0);
    world_run(3);
    assert_int_equal(nic_receive(nic, &got), NIC_OK);
    assert_int_equal(got.length, sizeof frame);
    assert_memory_equal(got.data, frame, sizeof frame);
    nic_release(&got);
    assert_int_equal(nic_receive(nic, &got), NIC_BUSY);
}

static void check_record(const uint8_t *at, uint64_t when_ms, uint32_t kept, uint8_t byte)
{
    assert_int_equal(little(at) * 1000ull + little(at + 4) / 1000, when_ms);
    assert_int_equal(little(at + 8), kept);
    assert_int_equal(little(at + 12), 100);
    for (uint32_t i = 0; i < kept; i++) {
        assert_int_equal(at[16 + i], byte);
    }
}

static void test_recorder_writes_a_pcap_file(void **state)
{
    uint8_t buffer[400];
    struct pcap pcap;
    uint64_t when;

    (void)state;
    world_begin(&(struct world_config){.seed = 1, .delay_ms = 1});
    pcap_init(&pcap, world_plain_nic(), buffer, sizeof buffer, 65535);
    assert_int_equal(pcap.length, 24);
    assert_memory_equal(
        buffer,
        "\xd4\xc3\xb2\xa1\x02\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff\x00\x00\x01\x00\x00\x00",
        24);
    when = world_now();
    pass_two(&pcap.nic, 0xaa, 0xbb);
    assert_int_equal(pcap.length, 24 + 2 * 116);
    check_record(buffer + 24, when, 100, 0xaa);
    check_record(buffer + 24 + 116, world_now(), 100, 0xbb);
    assert_int_equal(pcap.lost, 0);
    world_end();
}

static void test_recorder_keeps_the_beginning_of_each_frame(void **state)
{
    uint8_t buffer[400];
    struct pcap pcap;

    (void)state;
    world_begin(&(struct world_config){.seed = 1, .delay_ms = 1});
    pcap_init(&pcap, world_plain_nic(), buffer, sizeof buffer, 40);
    pass_two(&pcap.nic, 1, 2);
    assert_int_equal(pcap.length, 24 + 2 * 56);
    check_record(buffer + 24 + 56, world_now(), 40, 2);
    world_end();
}

static void test_full_recorder_counts_what_it_misses(void **state)
{
    uint8_t buffer[24 + 116 + 115];
    struct pcap pcap;

    (void)state;
    world_begin(&(struct world_config){.seed = 1, .delay_ms = 1});
    pcap_init(&pcap, world_plain_nic(), buffer, sizeof buffer, 65535);
    pass_two(&pcap.nic, 1, 2);
    assert_int_equal(pcap.length, 24 + 116);
    assert_int_equal(pcap.lost, 1);
    pass_two(&pcap.nic, 3, 4);
    assert_int_equal(pcap.length, 24 + 116);
    assert_int_equal(pcap.lost, 3);
    pcap_init(&pcap, world_plain_nic(), buffer, 23, 65535);
    pass_two(&pcap.nic, 1, 2);
    assert_int_equal(pcap.length, 0);
    assert_int_equal(pcap.lost, 2);
    world_end();
}

/* ---- lossy wire ---- */

struct tally {
    uint64_t hash;
    unsigned came, wrong, late, seen[ROUNDS];
};

static void tally_frame(struct tally *tally, const uint8_t *frame, size_t length, unsigned *last)
{
    unsigned number = (unsigned)packet_get32(frame + 14);
    uint8_t sum = 0;

    for (size_t i = 0; i < length; i++) {
        tally->hash = (tally->hash ^ frame[i]) * 0x100000001b3u;
        sum = (uint8_t)(sum + (i > 18 ? frame[i] : 0));
    }
    tally->came++;
    if (number >= ROUNDS || sum != (uint8_t)(number * (length - 19))) {
        tally->wrong++;
        return;
    }
    tally->seen[number]++;
    tally->late += number < *last;
    *last = number > *last ? number : *last;
}

static void number_frame(uint8_t *frame, size_t length, unsigned number)
{
    memset(frame, (uint8_t)number, length);
    packet_put16(frame + 12, 0x0800);
    packet_put32(frame + 14, number);
    frame[18] = 0;
}

static struct tally outgoing;
static unsigned outgoing_last;

static bool see(void *arg, const uint8_t *frame, size_t length)
{
    (void)arg;
    tally_frame(&outgoing, frame, length, &outgoing_last);
    return true;
}

/* ROUNDS frames each way through it. */
static struct tally run_lossy(struct lossy *lossy, const struct lossy_config *config)
{
    struct tally incoming = {0};
    struct nic_frame got;
    uint8_t frame[80];
    unsigned last = 0;

    memset(&outgoing, 0, sizeof outgoing);
    outgoing_last = 0;
    world_begin(&(struct world_config){.seed = 1});
    world_add_station(see, NULL);
    lossy_init(lossy, world_plain_nic(), config);
    for (unsigned i = 0; i < ROUNDS; i++) {
        number_frame(frame, sizeof frame, i);
        assert_int_equal(nic_send(&lossy->nic, frame, sizeof frame), NIC_OK);
        world_send(frame, sizeof frame, 0);
        if (i % 7 == 6 || i + 1 == ROUNDS) {
            world_run(1);
            while (nic_receive(&lossy->nic, &got) == NIC_OK) {
                tally_frame(&incoming, got.data, got.length, &last);
                nic_release(&got);
            }
        }
    }
    world_run(2);
    world_end();
    return incoming;
}

static void test_perfect_lossy_wire_changes_nothing(void **state)
{
    static struct lossy lossy;
    struct tally incoming = run_lossy(&lossy, &(struct lossy_config){.seed = 5});

    (void)state;
    assert_int_equal(incoming.came, ROUNDS);
    assert_int_equal(incoming.wrong + incoming.late, 0);
    assert_int_equal(outgoing.came, ROUNDS);
    assert_int_equal(outgoing.wrong + outgoing.late, 0);
}

static void test_faults_come_as_often_as_asked(void **state)
{
    static struct lossy lossy;
    const struct lossy_config config = {
        .seed = 9, .lose = 6554, .repeat = 3277, .reorder = 3277, .damage = 3277};
    struct tally incoming = run_lossy(&lossy, &config);
    unsigned absent = 0, twice = 0;

    (void)state;
    for (unsigned i = 0; i < ROUNDS; i++) {
        absent += incoming.seen[i] == 0;
        twice += incoming.seen[i] > 1;
    }
    /* A tenth is lost, some 4 in 100 are damaged, repeated or out of order. */
    assert_in_range(absent, 200, 360);
    assert_in_range(twice, 40, 160);
    assert_in_range(incoming.wrong, 40, 160);
    assert_in_range(incoming.late, 30, 250);
    assert_in_range(outgoing.wrong, 40, 160);
    assert_in_range(outgoing.late, 30, 250);
    assert_in_range(lossy.lost, 300, 500);
}

static void test_seed_brings_the_faults_back(void **state)
{
    static struct lossy lossy;
    struct lossy_config config = {.seed = 3, .lose = 3000, .repeat = 3000, .reorder = 3000, .damage = 3000};
    struct tally first = run_lossy(&lossy, &config), again;
    uint64_t sent = outgoing.hash;

    (void)state;
    again = run_lossy(&lossy, &config);
    assert_true(first.hash == again.hash && sent == outgoing.hash);
    config.seed = 4;
    again = run_lossy(&lossy, &config);
    assert_true(first.hash != again.hash && sent != outgoing.hash);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_recorder_writes_a_pcap_file),
        cmocka_unit_test(test_recorder_keeps_the_beginning_of_each_frame),
        cmocka_unit_test(test_full_recorder_counts_what_it_misses),
        cmocka_unit_test(test_perfect_lossy_wire_changes_nothing),
        cmocka_unit_test(test_faults_come_as_often_as_asked),
        cmocka_unit_test(test_seed_brings_the_faults_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
