/* SPDX-License-Identifier: BSD-2-Clause */
#include "entropy.h"

#include <string.h>

#include "cpu.h"
#include "uefi.h"

#define SEED_WORDS      4u
#define FIRMWARE_TRIES  8u
#define CPU_TRIES       32u /* Intel's DRNG guide asks for ten */
#define JITTER_ROUNDS   256u
#define JITTER_STALL_US 20u

struct pool {
    uint64_t word[SEED_WORDS];
};

static uint64_t rotate(uint64_t value, unsigned bits)
{
    return value << bits | value >> (64 - bits);
}

/* An add-rotate-xor round on four words: reversible, so nothing that went in is lost. */
static void stir(struct pool *pool)
{
    uint64_t *w = pool->word;

    w[0] += w[1];
    w[1] = rotate(w[1], 13) ^ w[0];
    w[0] = rotate(w[0], 32);
    w[2] += w[3];
    w[3] = rotate(w[3], 16) ^ w[2];
    w[0] += w[3];
    w[3] = rotate(w[3], 21) ^ w[0];
    w[2] += w[1];
    w[1] = rotate(w[1], 17) ^ w[2];
    w[2] = rotate(w[2], 32);
}

static void absorb(struct pool *pool, const void *data, size_t length)
{
    const uint8_t *bytes = data;

    for (size_t i = 0; i < length; i++) {
        pool->word[i % SEED_WORDS] ^= (uint64_t)bytes[i] << (i / SEED_WORDS % 8 * 8);
        if (i % 8 == 7 || i + 1 == length) {
            stir(pool);
            stir(pool);
        }
    }
}

static bool from_firmware(uint8_t ret_seed[32])
{
    EFI_RNG_PROTOCOL *rng = NULL;

    if (EFI_ERROR(uefi_bs->LocateProtocol(&uefi_guid_rng, NULL, (void **)&rng))) {
        return false;
    }
    for (unsigned i = 0; i < FIRMWARE_TRIES; i++) {
        uint8_t seed[32] = {0};
        static const uint8_t nothing[32];
        if (rng->GetRNG(rng, NULL, sizeof seed, seed) == EFI_SUCCESS &&
            memcmp(seed, nothing, sizeof seed) != 0) {
            memcpy(ret_seed, seed, sizeof seed);
            return true;
        }
        uefi_bs->Stall(1000); /* EFI_NOT_READY: it is still gathering (UEFI 2.10 section 37.5.2) */
    }
    return false;
}

static bool cpu_word(uint64_t *ret_word)
{
    for (unsigned i = 0; i < CPU_TRIES; i++) {
        if (cpu_random(ret_word)) {
            return true;
        }
    }
    return false;
}

/* Some CPUs lost their generator after a suspend and said success with the same word for ever: all must
 * differ. */
static bool from_cpu(uint8_t ret_seed[32])
{
    uint64_t word[SEED_WORDS] = {0};

    for (unsigned i = 0; i < SEED_WORDS; i++) {
        if (!cpu_word(&word[i]) || word[i] == 0 || word[i] == UINT64_MAX) {
            return false;
        }
        for (unsigned j = 0; j < i; j++) {
            if (word[j] == word[i]) {
                return false;
            }
        }
    }
    memcpy(ret_seed, word, sizeof word);
    return true;
}

/* What tells this machine and this boot from another: MACs, the wall clock, the firmware's count of boots. */
static void absorb_identity(struct pool *pool)
{
    EFI_TIME time = {0};
    UINT64 count = 0;
    UINTN handles = 0;
    EFI_HANDLE *handle = uefi_handles(&uefi_guid_simple_network, &handles);

    for (UINTN i = 0; handle != NULL && i < handles; i++) {
        EFI_SIMPLE_NETWORK *network = uefi_interface(handle[i], &uefi_guid_simple_network);
        if (network != NULL && network->Mode != NULL) {
            absorb(pool, &network->Mode->CurrentAddress, 6);
        }
    }
    uefi_free(handle);
    uefi_st->RuntimeServices->GetTime(&time, NULL);
    absorb(pool, &time, sizeof time);
    uefi_bs->GetNextMonotonicCount(&count);
    absorb(pool, &count, sizeof count);
}

static void from_jitter(uint8_t ret_seed[32])
{
    struct pool pool = {{0x6c756e626f6f7421, 1, 2, 3}};

    absorb_identity(&pool);
    for (unsigned i = 0; i < JITTER_ROUNDS; i++) {
        uint64_t counter = cpu_counter();
        uefi_bs->Stall(JITTER_STALL_US);
        absorb(&pool, &counter, sizeof counter);
    }
    for (unsigned i = 0; i < 8; i++) {
        stir(&pool);
    }
    memcpy(ret_seed, pool.word, sizeof pool.word);
}

enum entropy_source entropy_seed(uint8_t ret_seed[32])
{
    if (from_firmware(ret_seed)) {
        return ENTROPY_FIRMWARE;
    }
    if (from_cpu(ret_seed)) {
        return ENTROPY_CPU;
    }
    from_jitter(ret_seed);
    return ENTROPY_JITTER;
}

const char *entropy_name(enum entropy_source source)
{
    static const char *const names[] = {
        [ENTROPY_FIRMWARE] = "the firmware's generator",
        [ENTROPY_CPU] = "the CPU's generator",
        [ENTROPY_JITTER] = "timing jitter",
    };

    return names[source];
}
