/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The SBAT section: what a shim with Secure Boot reads to tell a revoked generation of this program from a
 * good one. The first line is the format's own, the second is ours: component, generation, vendor, package,
 * version, and where to report to, which whoever publishes it puts in. The generation goes up when a release
 * mends a hole that Secure Boot must not let anyone go back to.
 */
__attribute__((section(".sbat"), used)) static const char sbat[] =
    "sbat,1,SBAT Version,sbat,1,https://github.com/rhboot/shim/blob/main/SBAT.md\n"
    "lunboot,1,lunboot,lunboot," LUNBOOT_VERSION ",unpublished\n";
