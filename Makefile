# SPDX-License-Identifier: BSD-2-Clause
#
# Builds lunboot.efi (clang and lld for a PE target) and lunctl (gcc, this machine), and runs the tests. Sources are
# found by folder: a new .c file needs no line here. `make help` lists what there is to ask for.
#
# Each island is compiled with include paths of its own, so that a forbidden #include does not compile:
#
#   iscsi/     the hash library
#   net/       lwIP, and its own folder by name
#   efi/       GNU-EFI, net/nic.h and net/bus.h
#   firmware/  the islands' headers by folder; the hash library
#   tools/, tests/  anything
#
# On the EFI side no system header is in reach: the small ones of efi/runtime/include take their place.

BUILD ?= build
THIRD_PARTY ?= build/third_party
PYTHON ?= /usr/bin/python3
VERSION := 0.1

MAKEFLAGS += --no-builtin-rules
ifeq ($(MAKELEVEL)$(filter -j%,$(MAKEFLAGS)),0)
MAKEFLAGS += -j$(shell nproc)
endif
.SUFFIXES:
.DELETE_ON_ERROR:
.SECONDARY:

# --- Tools: with or without a version suffix --------------------------------------------------------------------

suffixes := 21 20 19 18 17 16 15 14
probe = $(notdir $(firstword $(shell command -v $(1) $(addprefix $(1)-,$(suffixes)) 2>/dev/null)))

CLANG ?= $(call probe,clang)
LLD_LINK ?= $(call probe,lld-link)
LLVM_OBJCOPY ?= $(call probe,llvm-objcopy)
LLVM_NM ?= $(call probe,llvm-nm)
LLVM_AR ?= $(call probe,llvm-ar)
CLANG_FORMAT ?= $(call probe,clang-format)
CLANG_TIDY ?= $(call probe,clang-tidy)
HOST_CC ?= gcc
HOST_AR ?= ar
HOST_OBJCOPY ?= objcopy
CPPCHECK ?= cppcheck

# Probe once, and not at all for a goal that compiles nothing.
CLANG := $(CLANG)
LLD_LINK := $(LLD_LINK)
LLVM_OBJCOPY := $(LLVM_OBJCOPY)
LLVM_NM := $(LLVM_NM)
LLVM_AR := $(LLVM_AR)

# A line a step; V=1 shows the commands.
Q := $(if $(V),,@)
say = $(if $(V),@:,@echo "  $(1)  $(patsubst $(BUILD)/%,%,$@)")

# --- Third-party sources: fetched by checksum, or a local copy --------------------------------------------------

ifdef LWIP_DIR
override LWIP_DIR := $(abspath $(LWIP_DIR))
export LWIP_DIR
LWIP_READY :=
else
LWIP_DIR := $(THIRD_PARTY)/lwip
LWIP_READY := $(LWIP_DIR)/.fetched
endif
ifdef MBEDTLS_DIR
override MBEDTLS_DIR := $(abspath $(MBEDTLS_DIR))
export MBEDTLS_DIR
MBEDTLS_READY :=
else
MBEDTLS_DIR := $(THIRD_PARTY)/mbedtls
MBEDTLS_READY := $(MBEDTLS_DIR)/.fetched
endif

$(THIRD_PARTY)/lwip/.fetched:
	tools/fetch-source lwip $(@D)

$(THIRD_PARTY)/mbedtls/.fetched:
	tools/fetch-source mbedtls $(@D)

HASH_FILES := md5 sha1 sha256 sha3 constant_time
LWIP_FILES := $(addprefix core/,def dns inet_chksum init ip mem memp netif pbuf raw stats sys tcp tcp_in tcp_out \
                timeouts udp) \
              $(addprefix core/ipv4/,acd autoip dhcp etharp icmp igmp ip4 ip4_addr ip4_frag) \
              $(addprefix core/ipv6/,dhcp6 ethip6 icmp6 inet6 ip6 ip6_addr ip6_frag mld6 nd6) \
              netif/ethernet
# Clients of lwIP that net/fetch*.c stand around; the web client is written against altcp.
LWIP_CLIENTS := core/altcp core/altcp_tcp apps/tftp/tftp apps/http/http_client

# These exist only after the fetch; naming them here lets pattern rules count on them.
$(HASH_FILES:%=$(MBEDTLS_DIR)/library/%.c): | $(MBEDTLS_READY)
$(patsubst %,$(LWIP_DIR)/src/%.c,$(LWIP_FILES) $(LWIP_CLIENTS)): | $(LWIP_READY)

# --- Sources -----------------------------------------------------------------------------------------------------

ISCSI_SRC := $(wildcard iscsi/*.c)
NET_SRC := $(wildcard net/*.c net/lwip/*.c)
EFI_SRC := $(wildcard efi/*.c)
RUNTIME_SRC := $(wildcard efi/runtime/*.c)
FIRMWARE_SRC := $(wildcard firmware/*.c)
# What the host can build of firmware/: the files that reach no header of efi/ but the pure efi/blkdev.h.
FIRMWARE_PURE ?= $(shell tools/build-pure-sources firmware)
FIRMWARE_PURE := $(FIRMWARE_PURE)
LUNCTL_SRC := $(wildcard tools/lunctl*.c)
STORM_SRC := $(wildcard tools/storm/*.c)
TEST_LIB_SRC := $(wildcard tests/lib/*.c)
TEST_PARTS := target world peer
TEST_PARTS_SRC := $(foreach p,$(TEST_PARTS),$(wildcard tests/$(p)/*.c))
LIARD_SRC := $(wildcard tests/liard/*.c)
UNIT_SRC := $(wildcard tests/unit/test_*.c)
SIM_SRC := $(wildcard tests/sim/test_*.c)

# lwIP cannot be compiled before its configuration exists.
LWIP_OBJECTS := $(if $(wildcard net/lwip/lwipopts.h),$(patsubst %,lwip/%.o,$(LWIP_FILES) $(LWIP_CLIENTS)))
HASH_OBJECTS := $(HASH_FILES:%=mbedtls/%.o)

# --- Flags -------------------------------------------------------------------------------------------------------

WARNINGS := -Wall -Wextra -Werror -Wshadow -Wvla -Wundef -Wstrict-prototypes -Wmissing-prototypes \
            -Wimplicit-fallthrough -Wpointer-arith -Wwrite-strings -Wformat=2 -Wold-style-definition
THIRD_PARTY_WARNINGS := -Wall -Wextra -Werror=implicit-function-declaration -Wno-unused-parameter -Wno-address

# -U_WIN32: the EFI triple borrows Windows' calling convention, not its system.
MBEDTLS_INCLUDES := -isystem $(MBEDTLS_DIR)/include -iquote $(BUILD)/include/hash \
                    -DMBEDTLS_CONFIG_FILE='"hash_config.h"' -U_WIN32 -U__MINGW32__
LWIP_INCLUDES := -isystem $(LWIP_DIR)/src/include -iquote net/lwip -I net/lwip
# GNU-EFI's headers include each other with and without the architecture's folder.
GNU_EFI ?= /usr/include/efi
GNU_EFI_INCLUDES := -isystem $(GNU_EFI) -isystem $(GNU_EFI)/x86_64 -DGNU_EFI_USE_MS_ABI

INCLUDES_iscsi := $(MBEDTLS_INCLUDES)
INCLUDES_net := -iquote $(BUILD)/include/net $(LWIP_INCLUDES)
INCLUDES_efi := -iquote $(BUILD)/include/efi $(GNU_EFI_INCLUDES)
INCLUDES_firmware := -iquote $(BUILD)/include/firmware $(MBEDTLS_INCLUDES)
INCLUDES_tools := -iquote . $(MBEDTLS_INCLUDES)
INCLUDES_tests := -iquote . $(MBEDTLS_INCLUDES) $(LWIP_INCLUDES) -DLUNBOOT_BUILD='"$(BUILD)"'
# The far end of the network tests is a second lwIP with its own configuration.
INCLUDES_peer := -iquote tests/peer -isystem $(LWIP_DIR)/src/include
includes = $(if $(filter tests/peer/%,$(1)),$(INCLUDES_peer),$(INCLUDES_$(firstword $(subst /, ,$(1)))))

# lwIP's web client asks dns_gethostbyname for the server, which net/fetch_http.c answers; lwIP's resolver stays out.
%/lwip/apps/http/http_client.o: INCLUDES_net += -DLWIP_DNS=1

# With -MMD, what a third-party header includes counts as a system header too: lwIP would not follow lwipopts.h.
DEPEND = -MD -MP -MF $(@:.o=.d)

EFI_TARGET := --target=x86_64-unknown-windows-gnu
EFI_CFLAGS := $(EFI_TARGET) -std=c11 -O2 -g -gdwarf-4 -ffreestanding -fshort-wchar -mno-red-zone -mno-stack-arg-probe \
              -fstack-protector-strong -fno-omit-frame-pointer -ffunction-sections -fdata-sections -nostdlibinc \
              -isystem efi/runtime/include -DLUNBOOT_VERSION='"$(VERSION)"'
# The same bytes from any directory: no path of this machine gets in.
EFI_CFLAGS += -ffile-compilation-dir=. -ffile-prefix-map=$(BUILD)/include/net/= -ffile-prefix-map=$(BUILD)/include/efi/= \
              -ffile-prefix-map=$(BUILD)/include/firmware/= -ffile-prefix-map=$(BUILD)/include/hash/=iscsi/ \
              -ffile-prefix-map=$(LWIP_DIR)/=build/third_party/lwip/ \
              -ffile-prefix-map=$(MBEDTLS_DIR)/=build/third_party/mbedtls/
EFI_LDFLAGS := /subsystem:efi_application /entry:efi_main /nodefaultlib /dynamicbase /nxcompat /tsaware:no \
               /timestamp:0 /base:0 /debug:dwarf /opt:ref /opt:noicf

HOST_COMMON := -std=c11 -g -D_DEFAULT_SOURCE -DLUNBOOT_VERSION='"$(VERSION)"' -fno-omit-frame-pointer
HOST_CFLAGS_san := $(HOST_COMMON) -O1 -fsanitize=address,undefined -fno-sanitize-recover=all
HOST_CFLAGS_opt := $(HOST_COMMON) -O2 -fPIE -fstack-protector-strong -D_FORTIFY_SOURCE=2
HOST_CFLAGS_fuzz := $(HOST_COMMON) -O1 -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all \
                    -fprofile-instr-generate -fcoverage-mapping
HOST_CC_san = $(HOST_CC)
HOST_CC_opt = $(HOST_CC)
HOST_CC_fuzz = $(CLANG)
LUNCTL_LDFLAGS := -pie -Wl,-z,relro,-z,now

# --- What to build -----------------------------------------------------------------------------------------------

EFI := $(BUILD)/x86_64
IMAGE := $(EFI)/lunboot.efi
LUNCTL := $(BUILD)/host/lunctl
STORM := $(BUILD)/host/storm-client
TESTS := $(sort $(notdir $(basename $(UNIT_SRC) $(SIM_SRC))))
TEST_PROGRAMS = $(TESTS:%=$(BUILD)/host/tests/%)
TREES := $(BUILD)/include/.made

.PHONY: all help image lunctl storm host-lib host-tests core-check efi-selftest newer-firmware test-servers check run soak pictures fuzz fuzz-programs fuzz-coverage debug setup lint lint-quick format \
        format-check include-check cppcheck clang-host tidy requirements docs clean distclean
.DEFAULT_GOAL := all
all: image lunctl
image: $(IMAGE)
lunctl: $(LUNCTL)
storm: $(STORM)

help:
	@sed -n 's/^#help: \{0,1\}//p' Makefile

#help: make               build/x86_64/lunboot.efi and build/host/lunctl
#help: make run           install what is missing, build, and boot a Debian from a LUN in QEMU
#help:                      (NIC=e1000e, MUTUAL=1, BLOCK=4096, UEFI_SHELL=1, GRAPHIC=1: other ways to run)
#help: make check         install what is missing, build, and run every test
#help: make soak          the long tests
#help: make fuzz          libFuzzer, FUZZ_SECONDS=60 for each target, FUZZ_TARGET=session for one
#help: make fuzz-coverage lines of iscsi/ that the kept inputs reach
#help: make pictures      docs/pictures/*.png anew: what the screen shows
#help: make debug         start the image in QEMU and attach gdb at source level
#help: make lint          formatting, clang-tidy and cppcheck
#help: make format        format the sources in place
#help: make requirements  tests/REQUIREMENTS.md anew, from requirements.txt and the tests' names
#help: make docs          docs/settings.md anew, from the table of settings
#help: make clean         remove what was built (make distclean: also what was fetched)
#help:
#help: Parts:    make image | lunctl | storm | host-lib | host-tests | core-check | efi-selftest | setup
#help: BUILD=DIR          build there instead of in build/
#help: LWIP_DIR=, MBEDTLS_DIR=   local copies of lwIP 2.2.1 and mbedTLS 3.6.6
#help: ISLANDS="iscsi"    link the tests against these islands alone
#help: TESTS="test_text"  build these test programs alone
#help: PYTEST_ARGS=       more arguments for pytest, e.g. PYTEST_ARGS='-k chap'

# The include trees of the islands: what is not in its tree, an island cannot name.
$(TREES): Makefile
	@mkdir -p $(BUILD)/include/net $(BUILD)/include/efi/net $(BUILD)/include/firmware $(BUILD)/include/hash
	@ln -sfn $(CURDIR)/net $(BUILD)/include/net/net
	@ln -sfn $(CURDIR)/net/nic.h $(BUILD)/include/efi/net/nic.h
	@ln -sfn $(CURDIR)/net/bus.h $(BUILD)/include/efi/net/bus.h
	@for i in iscsi net efi firmware; do ln -sfn $(CURDIR)/$$i $(BUILD)/include/firmware/$$i; done
	@ln -sfn $(CURDIR)/iscsi/hash_config.h $(BUILD)/include/hash/hash_config.h
	@touch $@

# --- The EFI side ------------------------------------------------------------------------------------------------

objects = $(patsubst %.c,$(1)/%.o,$(2))
EFI_ISCSI := $(call objects,$(EFI),$(ISCSI_SRC))
EFI_HASH := $(addprefix $(EFI)/,$(HASH_OBJECTS))
EFI_LWIP := $(addprefix $(EFI)/,$(LWIP_OBJECTS))
EFI_PROGRAM := $(call objects,$(EFI),$(NET_SRC) $(EFI_SRC) $(RUNTIME_SRC) $(FIRMWARE_SRC))

need = @command -v "$(1)" >/dev/null || { echo "$(2) is missing: tools/setup build installs what the build needs" >&2; exit 1; }

$(EFI)/%.o: %.c Makefile | $(TREES) $(MBEDTLS_READY) $(LWIP_READY)
	$(call need,$(CLANG),clang)
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CLANG) $(EFI_CFLAGS) $(WARNINGS) $(call includes,$<) $(if $(filter firmware/%,$<),-Os $(GNU_EFI_INCLUDES)) $(DEPEND) -c $< -o $@

# Loops that copy must not become calls of the functions that they are in.
$(EFI)/efi/runtime/%.o: efi/runtime/%.c Makefile | $(TREES) $(MBEDTLS_READY)
	$(call need,$(CLANG),clang)
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CLANG) $(EFI_CFLAGS) $(WARNINGS) -fno-builtin $(INCLUDES_efi) $(MBEDTLS_INCLUDES) $(DEPEND) -c $< -o $@

$(EFI)/mbedtls/%.o: $(MBEDTLS_DIR)/library/%.c Makefile | $(TREES)
	$(call need,$(CLANG),clang)
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CLANG) $(EFI_CFLAGS) $(THIRD_PARTY_WARNINGS) $(MBEDTLS_INCLUDES) $(DEPEND) -c $< -o $@

$(EFI)/lwip/%.o: $(LWIP_DIR)/src/%.c Makefile | $(TREES)
	$(call need,$(CLANG),clang)
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CLANG) $(EFI_CFLAGS) $(THIRD_PARTY_WARNINGS) -fno-strict-aliasing $(INCLUDES_net) $(DEPEND) -c $< -o $@

$(EFI)/libiscsi.a: $(EFI_ISCSI)
$(EFI)/libhash.a: $(EFI_HASH)
$(EFI)/liblwip.a: $(EFI_LWIP)
$(EFI)/%.a:
	@rm -f $@ && mkdir -p $(@D)
	$(call say,AR)
	$(Q)$(LLVM_AR) rcsD $@ $^

# The core stands alone: see the script for what it may refer to.
$(EFI)/libiscsi.checked: $(EFI)/libiscsi.a tools/build-check-core
	tools/build-check-core $(LLVM_NM) $<
	@touch $@
core-check: $(EFI)/libiscsi.checked

# Linked once, with the debug information; the image is that file without it, so the addresses agree.
$(IMAGE).debug: $(EFI_PROGRAM) $(EFI)/libiscsi.a $(EFI)/libhash.a $(EFI)/liblwip.a $(EFI)/libiscsi.checked
	$(call need,$(LLD_LINK),lld-link)
	$(call say,LD)
	$(Q)$(LLD_LINK) $(EFI_LDFLAGS) /out:$@ $(filter %.o %.a,$^)

$(IMAGE): $(IMAGE).debug
	$(call need,$(LLVM_OBJCOPY),llvm-objcopy)
	$(call say,EFI)
	$(Q)$(LLVM_OBJCOPY) --strip-all $< $@

# Programs of the tests that run efi/ in real firmware without the rest: tests/efi/X.c makes x86_64/X.efi.
EFI_TEST_SRC := $(wildcard tests/efi/*.c)
$(EFI)/tests/efi/%.o: tests/efi/%.c Makefile | $(TREES) $(MBEDTLS_READY)
	$(call need,$(CLANG),clang)
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CLANG) $(EFI_CFLAGS) $(WARNINGS) $(INCLUDES_firmware) $(GNU_EFI_INCLUDES) $(DEPEND) -c $< -o $@
$(EFI_TEST_SRC:tests/efi/%.c=$(EFI)/%.efi): $(EFI)/%.efi: $(EFI)/tests/efi/%.o $(call objects,$(EFI),$(EFI_SRC) $(RUNTIME_SRC)) $(EFI)/libhash.a
	$(call say,LD)
	$(Q)$(LLD_LINK) $(filter-out /debug:dwarf,$(EFI_LDFLAGS)) /out:$@ $(filter %.o %.a,$^)
efi-selftest: $(EFI_TEST_SRC:tests/efi/%.c=$(EFI)/%.efi)

# --- The host side -----------------------------------------------------------------------------------------------
# Variants of the same sources: "san" with sanitizers for the tests, "opt" for lunctl, "fuzz" for libFuzzer.

define host_variant
$(BUILD)/host/$(1)/%.o: %.c Makefile | $(TREES) $(MBEDTLS_READY) $(LWIP_READY)
	@mkdir -p $$(@D)
	$$(call say,CC)
	$(Q)$$(HOST_CC_$(1)) $(HOST_CFLAGS_$(1)) $(WARNINGS) $$(call includes,$$<) $$(DEPEND) -c $$< -o $$@

$(BUILD)/host/$(1)/mbedtls/%.o: $(MBEDTLS_DIR)/library/%.c Makefile | $(TREES)
	@mkdir -p $$(@D)
	$$(call say,CC)
	$(Q)$$(HOST_CC_$(1)) $(HOST_CFLAGS_$(1)) $(THIRD_PARTY_WARNINGS) $(MBEDTLS_INCLUDES) $$(DEPEND) -c $$< -o $$@

$(BUILD)/host/$(1)/lwip/%.o: $(LWIP_DIR)/src/%.c Makefile | $(TREES)
	@mkdir -p $$(@D)
	$$(call say,CC)
	$(Q)$$(HOST_CC_$(1)) $(HOST_CFLAGS_$(1)) $(THIRD_PARTY_WARNINGS) -fno-strict-aliasing $$(INCLUDES_net) $$(DEPEND) -c $$< -o $$@

# The wiping function is the firmware's own, so that what is tested is what ships.
$(BUILD)/host/$(1)/efi/runtime/zeroize.o: efi/runtime/zeroize.c Makefile | $(TREES) $(MBEDTLS_READY)
	@mkdir -p $$(@D)
	$$(call say,CC)
	$(Q)$$(HOST_CC_$(1)) $(HOST_CFLAGS_$(1)) $(WARNINGS) $(MBEDTLS_INCLUDES) $$(DEPEND) -c $$< -o $$@

$(BUILD)/host/$(1)/libiscsi.a: $(call objects,$(BUILD)/host/$(1),$(ISCSI_SRC))
$(BUILD)/host/$(1)/libhash.a: $(addprefix $(BUILD)/host/$(1)/,$(HASH_OBJECTS)) $(BUILD)/host/$(1)/efi/runtime/zeroize.o
$(BUILD)/host/$(1)/libnet.a: $(call objects,$(BUILD)/host/$(1),$(NET_SRC)) $(addprefix $(BUILD)/host/$(1)/,$(LWIP_OBJECTS))
$(BUILD)/host/$(1)/libfirmware.a: $(call objects,$(BUILD)/host/$(1),$(FIRMWARE_PURE))
$(BUILD)/host/$(1)/%.a:
	@rm -f $$@ && mkdir -p $$(@D)
	$$(call say,AR)
	$(Q)$(HOST_AR) rcsD $$@ $$^
endef
$(eval $(call host_variant,san))
$(eval $(call host_variant,opt))
$(eval $(call host_variant,fuzz))

ISLANDS ?= iscsi net firmware
HOST_ARCHIVES = $(foreach i,$(ISLANDS) hash,$(BUILD)/host/$(1)/lib$(i).a)
host-lib: $(call HOST_ARCHIVES,san)

$(LUNCTL): $(call objects,$(BUILD)/host/opt,$(LUNCTL_SRC)) $(foreach i,iscsi firmware hash,$(BUILD)/host/opt/lib$(i).a)
	$(call say,LD)
	$(Q)$(HOST_CC) $(HOST_CFLAGS_opt) $(LUNCTL_LDFLAGS) $(filter %.o,$^) -Wl,--start-group $(filter %.a,$^) -Wl,--end-group -o $@

# One machine of tools/storm/storm: the firmware's network stack and core over a TAP device.
$(STORM): $(call objects,$(BUILD)/host/opt,$(STORM_SRC) tools/lunctl_json.c) $(foreach i,iscsi net firmware hash,$(BUILD)/host/opt/lib$(i).a)
	$(call say,LD)
	$(Q)$(HOST_CC) $(HOST_CFLAGS_opt) $(LUNCTL_LDFLAGS) $(filter %.o,$^) -Wl,--start-group $(filter %.a,$^) -Wl,--end-group -o $@

# --- Test programs -----------------------------------------------------------------------------------------------

TEST_LIB_OBJECTS := $(call objects,$(BUILD)/host/san,$(TEST_LIB_SRC))
# tests/lib/run_group.c stands between a test program and cmocka: it lists the tests and picks one.
LINK_TEST = @mkdir -p $(@D); echo "  LD  $(patsubst $(BUILD)/%,%,$@)"; $(HOST_CC) $(HOST_CFLAGS_san) $(filter %.o,$^) \
            -Wl,--wrap=_cmocka_run_group_tests -Wl,--start-group $(filter %.a,$^) -Wl,--end-group -lcmocka -o $@

# What several tests share is a library each; a test takes of them what it calls.
TEST_PART_ARCHIVES := $(foreach p,$(TEST_PARTS),$(if $(wildcard tests/$(p)/*.c),$(BUILD)/host/san/libtest-$(p).a))
$(foreach p,$(filter-out peer,$(TEST_PARTS)),$(eval \
    $(BUILD)/host/san/libtest-$(p).a: $(call objects,$(BUILD)/host/san,$(wildcard tests/$(p)/*.c))))

# The second lwIP is closed up with its host in one object that shows the host's functions alone.
PEER_LWIP := $(patsubst %,$(BUILD)/host/san/peer-lwip/%.o,$(LWIP_FILES) apps/tftp/tftp)
$(BUILD)/host/san/peer-lwip/%.o: $(LWIP_DIR)/src/%.c Makefile
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(HOST_CC) $(HOST_CFLAGS_san) $(THIRD_PARTY_WARNINGS) -fno-strict-aliasing $(INCLUDES_peer) $(DEPEND) -c $< -o $@
$(BUILD)/host/san/peer-closed.o: $(call objects,$(BUILD)/host/san,$(wildcard tests/peer/*.c)) $(PEER_LWIP)
	$(call say,LD)
	$(Q)$(HOST_CC) -r -nostdlib $^ -o $@.open && $(HOST_OBJCOPY) --wildcard --keep-global-symbol='peer_*' $@.open $@ && rm $@.open
$(BUILD)/host/san/libtest-peer.a: $(BUILD)/host/san/peer-closed.o

$(BUILD)/host/tests/test_%: $(BUILD)/host/san/tests/unit/test_%.o $(TEST_LIB_OBJECTS) $(TEST_PART_ARCHIVES) $(call HOST_ARCHIVES,san)
	$(LINK_TEST)
$(BUILD)/host/tests/test_%: $(BUILD)/host/san/tests/sim/test_%.o $(TEST_LIB_OBJECTS) $(TEST_PART_ARCHIVES) $(call HOST_ARCHIVES,san)
	$(LINK_TEST)

# The scripted target as a program of its own, for tests over real sockets.
LIARD := $(BUILD)/host/tests/liard
$(LIARD): $(call objects,$(BUILD)/host/san,$(LIARD_SRC)) $(BUILD)/host/san/libtest-target.a $(foreach i,iscsi hash,$(BUILD)/host/san/lib$(i).a)
	@mkdir -p $(@D)
	$(call say,LD)
	$(Q)$(HOST_CC) $(HOST_CFLAGS_san) $^ -o $@

host-tests: $(TEST_PROGRAMS) $(LIARD)

# --- Fuzzing: tests/fuzz/README.md -------------------------------------------------------------------------------

FUZZ_SRC := $(wildcard tests/fuzz/fuzz_*.c)
FUZZ_PROGRAMS := $(FUZZ_SRC:tests/fuzz/%.c=$(BUILD)/host/fuzz-programs/%)
FUZZ_SECONDS ?= 60
FUZZ_TARGET ?= $(FUZZ_SRC:tests/fuzz/fuzz_%.c=%)
$(BUILD)/host/fuzz/libtest.a: $(call objects,$(BUILD)/host/fuzz,$(wildcard tests/target/*.c) tests/world/packet.c)
$(BUILD)/host/fuzz-programs/%: $(BUILD)/host/fuzz/tests/fuzz/%.o $(BUILD)/host/fuzz/libtest.a $(call HOST_ARCHIVES,fuzz)
	@mkdir -p $(@D)
	$(call say,LD)
	$(Q)$(CLANG) $(HOST_COMMON) -fsanitize=fuzzer,address,undefined -fprofile-instr-generate $(filter %.o,$^) \
	    -Wl,--start-group $(filter %.a,$^) -Wl,--end-group -lcmocka -o $@
fuzz-programs: $(FUZZ_PROGRAMS)
# FUZZ_SECONDS for each of FUZZ_TARGET; new inputs stay in the build's folder, what fails beside them.
fuzz: $(FUZZ_PROGRAMS)
	@tools/fuzz run $(BUILD) $(FUZZ_SECONDS) $(FUZZ_TARGET)
fuzz-coverage: $(FUZZ_PROGRAMS)
	@tools/fuzz coverage $(BUILD) $(FUZZ_TARGET)

# --- Checks ------------------------------------------------------------------------------------------------------

OUR_C := $(wildcard iscsi/*.[ch] net/*.[ch] net/lwip/*.[ch] net/lwip/arch/*.h efi/*.[ch] efi/runtime/*.c \
           efi/runtime/include/*.h firmware/*.[ch] tools/*.[ch] tools/storm/*.[ch] tests/*/*.[ch] tests/peer/arch/*.h)
HOST_SRC := $(ISCSI_SRC) $(NET_SRC) $(FIRMWARE_PURE) $(LUNCTL_SRC) $(STORM_SRC) $(TEST_LIB_SRC) $(TEST_PARTS_SRC) $(LIARD_SRC) $(UNIT_SRC) $(SIM_SRC)

# The host's sources once more, with clang's warnings on the host's headers.
$(BUILD)/host/clang/%.ok: %.c Makefile | $(TREES) $(MBEDTLS_READY) $(LWIP_READY)
	$(call need,$(CLANG),clang)
	@mkdir -p $(@D)
	$(call say,CLANG)
	$(Q)$(CLANG) $(HOST_COMMON) $(WARNINGS) $(call includes,$<) -MMD -MP -MF $(@:.ok=.d) -MT $@ -fsyntax-only $<
	@touch $@
clang-host: $(HOST_SRC:%.c=$(BUILD)/host/clang/%.ok)

# Releases of clang-format disagree in details: the one that the tree is formatted with decides.
FORMAT_RELEASE := 14
format-check:
	$(call need,$(CLANG_FORMAT),clang-format)
	$(Q)release=$$($(CLANG_FORMAT) --version | sed 's/.*version \([0-9]*\).*/\1/'); \
	if [ "$$release" = $(FORMAT_RELEASE) ]; then $(CLANG_FORMAT) --dry-run -Werror $(OUR_C); \
	else echo "formatting not checked: this is clang-format $$release, the tree follows $(FORMAT_RELEASE)"; fi

# A path that climbs out of its folder would get around the include trees.
include-check:
	@! grep -nE '^[[:space:]]*#[[:space:]]*include[[:space:]]*[<"]([^>"]*/)?\.\./' $(OUR_C) || \
	    { echo "an include climbs out of its folder: name the folder instead" >&2; exit 1; }

format:
	$(call need,$(CLANG_FORMAT),clang-format)
	$(Q)$(CLANG_FORMAT) -i $(OUR_C)

requirements:
	$(Q)$(PYTHON) tests/test_requirements.py

# What stands below the comment in docs/settings.md is what lunctl prints.
docs: $(LUNCTL)
	$(Q){ sed '/^<!-- .* make docs /q' docs/settings.md && $(LUNCTL) settings --markdown; } >$(BUILD)/settings.md
	$(Q)mv $(BUILD)/settings.md docs/settings.md

# Whole-program checks on what the host builds; the lists of exceptions say why beside each.
cppcheck: | $(TREES)
	$(call need,$(CPPCHECK),cppcheck)
	@mkdir -p $(BUILD)/host/cppcheck
	$(Q)$(CPPCHECK) --quiet --std=c11 --error-exitcode=1 --enable=warning,performance,portability --inline-suppr \
	    --suppressions-list=tools/cppcheck-suppressions --cppcheck-build-dir=$(BUILD)/host/cppcheck -j 2 \
	    -I . -D__x86_64__ -DLUNBOOT_VERSION='"$(VERSION)"' $(ISCSI_SRC) $(NET_SRC) $(EFI_SRC) $(FIRMWARE_SRC) $(LUNCTL_SRC) $(STORM_SRC)

# Two compilations as the sources have: islands as for the EFI image, programs and tests as for the host.
TIDY_EFI := $(ISCSI_SRC) $(NET_SRC) $(EFI_SRC) $(RUNTIME_SRC) $(FIRMWARE_SRC)
TIDY_HOST := $(LUNCTL_SRC) $(STORM_SRC) $(TEST_LIB_SRC) $(TEST_PARTS_SRC) $(LIARD_SRC) $(UNIT_SRC) $(SIM_SRC)
tidy: $(TIDY_EFI:%.c=$(BUILD)/tidy/efi/%.ok) $(TIDY_HOST:%.c=$(BUILD)/tidy/host/%.ok)

# A finding may come from a header: any change of one looks at everything again.
$(BUILD)/tidy/efi/%.ok: %.c .clang-tidy Makefile $(filter %.h,$(OUR_C)) | $(TREES) $(MBEDTLS_READY) $(LWIP_READY)
	$(call need,$(CLANG_TIDY),clang-tidy)
	@mkdir -p $(@D)
	$(call say,TIDY)
	$(Q)$(CLANG_TIDY) --quiet $< -- $(EFI_CFLAGS) $(call includes,$<) $(MBEDTLS_INCLUDES) $(GNU_EFI_INCLUDES)
	@touch $@

$(BUILD)/tidy/host/%.ok: %.c .clang-tidy Makefile $(filter %.h,$(OUR_C)) | $(TREES) $(MBEDTLS_READY) $(LWIP_READY)
	$(call need,$(CLANG_TIDY),clang-tidy)
	@mkdir -p $(@D)
	$(call say,TIDY)
	$(Q)$(CLANG_TIDY) --quiet $< -- $(HOST_COMMON) $(call includes,$<)
	@touch $@

lint-quick: format-check include-check cppcheck
lint: lint-quick tidy

# OVMF of a later release, which has a build that enforces NX strictly, and iPXE: the tests boot the image in them.
newer-firmware: $(THIRD_PARTY)/ovmf-trixie/.fetched $(THIRD_PARTY)/ipxe-trixie/.fetched
$(THIRD_PARTY)/%-trixie/.fetched:
	tools/fetch-source deb trixie $* $(@D)

# Kea's DHCP server, for the tests of the recipes: installed, it would be started. kea-common has its libraries.
test-servers: $(THIRD_PARTY)/kea/.fetched
$(THIRD_PARTY)/kea/.fetched:
	. /etc/os-release && tools/fetch-source deb $$VERSION_CODENAME kea-dhcp4-server $(@D)

# Scripts that call make again are not part of this make.
alone := env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL

check:
	@tools/setup check
	$(MAKE) all storm host-tests fuzz-programs efi-selftest newer-firmware test-servers clang-host lint-quick
	@$(alone) LUNBOOT_BUILD=$(BUILD) $(PYTHON) -m pytest tests $(PYTEST_ARGS)

soak:
	@tools/setup check
	$(MAKE) all storm host-tests efi-selftest newer-firmware test-servers
	@$(alone) LUNBOOT_BUILD=$(BUILD) $(PYTHON) -m pytest tests --soak $(PYTEST_ARGS)

# What the tests keep of the screen, for the documents.
pictures:
	@tools/setup check
	$(MAKE) all
	@$(alone) LUNBOOT_BUILD=$(BUILD) $(PYTHON) -m pytest -q tests/vm -k 'told_in_order or waits_for_keys or never_comes or goes_before'
	@mkdir -p docs/pictures && cp $(BUILD)/vm-tests/*/*.png docs/pictures/

# A Debian from a LUN, and gdb at the first line; RUN_ARGS and DEBUG_ARGS go to the scripts, which explain theirs.
run:
	@tools/setup $(if $(GRAPHIC),window,run)
	$(MAKE) image
	@$(alone) $(PYTHON) tools/run --build $(BUILD) $(RUN_ARGS)

debug:
	@tools/setup check
	$(MAKE) image
	@$(alone) $(PYTHON) tools/gdb/debug --build $(BUILD) $(DEBUG_ARGS)

setup:
	@tools/setup check

clean:
	rm -rf $(BUILD)/x86_64 $(BUILD)/host $(BUILD)/include $(BUILD)/tidy $(BUILD)/debug

distclean: clean
	rm -rf $(BUILD) $(THIRD_PARTY)

-include $(wildcard $(foreach d,$(EFI) $(addprefix $(BUILD)/host/,san opt fuzz clang), \
    $(d)/*/*.d $(d)/*/*/*.d $(d)/*/*/*/*.d))
