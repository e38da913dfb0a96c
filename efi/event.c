/* SPDX-License-Identifier: BSD-2-Clause */
#include "event.h"

#include "exithook.h"
#include "tpl.h"

#define UNITS_PER_MS 10000u /* of 100 ns, UEFI 2.10 section 7.1.7 */

struct watch {
    EFI_EVENT event; /* NULL: none */
    event_function function;
    void *context;
};

static struct watch timer;
static struct watch before_exit;
static struct watch at_exit;

static bool is_before_done;

static void EFIAPI call(EFI_EVENT event, void *context)
{
    const struct watch *watch = context;

    (void)event;
    watch->function(watch->context);
}

/* Once, whether the group's event or the hook comes first; ExitBootServices may be tried several times. */
static void call_before(void)
{
    if (!is_before_done && tpl_allows_network()) {
        is_before_done = true;
        EFI_TPL old = tpl_raise();
        before_exit.function(before_exit.context);
        tpl_restore(old);
    }
}

static void EFIAPI before_event(EFI_EVENT event, void *context)
{
    (void)event;
    (void)context;
    call_before();
}

static void close(struct watch *watch)
{
    if (watch->event != NULL) {
        uefi_bs->CloseEvent(watch->event);
        watch->event = NULL;
    }
}

EFI_STATUS event_timer_start(unsigned period_ms, event_function function, void *context)
{
    event_timer_stop();
    timer = (struct watch){.function = function, .context = context};
    EFI_STATUS status =
        uefi_bs->CreateEvent(EVT_TIMER | EVT_NOTIFY_SIGNAL, TPL_CALLBACK, call, &timer, &timer.event);
    if (EFI_ERROR(status)) {
        timer.event = NULL;
        return status;
    }
    status = uefi_bs->SetTimer(timer.event, TimerPeriodic, (UINT64)period_ms * UNITS_PER_MS);
    if (EFI_ERROR(status)) {
        close(&timer);
    }
    return status;
}

void event_timer_stop(void)
{
    close(&timer);
}

static EFI_STATUS watch_group(struct watch *watch, EFI_TPL level, EFI_EVENT_NOTIFY notify, EFI_GUID *group)
{
    EFI_STATUS status = uefi_bs->CreateEventEx(EVT_NOTIFY_SIGNAL, level, notify, watch, group, &watch->event);

    if (EFI_ERROR(status)) {
        watch->event = NULL;
    }
    return status;
}

EFI_STATUS event_exit_watch(event_function before, event_function exit, void *context)
{
    event_exit_unwatch();
    is_before_done = false;
    before_exit = (struct watch){.function = before, .context = context};
    at_exit = (struct watch){.function = exit, .context = context};
    EFI_STATUS status = watch_group(&at_exit, TPL_NOTIFY, call, &uefi_guid_exit);
    if (EFI_ERROR(status)) {
        return status;
    }
    /* Firmware that refuses the group has the hook alone. */
    watch_group(&before_exit, TPL_CALLBACK, before_event, &uefi_guid_before_exit);
    return exithook_set(call_before);
}

void event_exit_unwatch(void)
{
    exithook_clear();
    close(&before_exit);
    close(&at_exit);
}
