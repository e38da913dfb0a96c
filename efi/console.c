/* SPDX-License-Identifier: BSD-2-Clause */
#include "console.h"

#include "ucs2.h"
#include "uefi.h"

#define CHUNK         64u
#define DEFAULT_WIDTH 80u
#define INDENT        9u       /* of what is wrapped: the room of a time stamp */
#define KEYS_MAX      256u     /* a stuck key must not hold us */
#define WATCHDOG_CODE 0x10000u /* below are the firmware's own, UEFI 2.10 section 7.5 */
#define SCAN_CODE_ESC 0x17u    /* UEFI 2.10 table 12.2 */

static unsigned progress_length; /* of the open progress line; 0: none is open */

static void put(CHAR16 *text)
{
    if (uefi_st->ConOut != NULL) {
        uefi_st->ConOut->OutputString(uefi_st->ConOut, text);
    }
}

/* Controls could move the cursor or, over a serial line, reprogram the terminal: texts come from the network
 * too. */
static CHAR16 printable(CHAR16 character)
{
    bool control = character < 0x20 || (character >= 0x7f && character < 0xa0);

    return control ? L'?' : character;
}

/* Returns how many characters were put, at most `limit`. */
static unsigned put_text(const char *text, unsigned limit)
{
    CHAR16 chunk[CHUNK + 1];
    unsigned used = 0;
    unsigned total = 0;

    while (*text != '\0' && total < limit) {
        chunk[used++] = printable(ucs2_next(&text));
        total++;
        if (used == CHUNK) {
            chunk[used] = 0;
            put(chunk);
            used = 0;
        }
    }
    chunk[used] = 0;
    if (used > 0) {
        put(chunk);
    }
    return total;
}

static void put_blanks(unsigned count)
{
    CHAR16 blank[] = L" ";

    while (count-- > 0) {
        put(blank);
    }
}

static unsigned width(void)
{
    SIMPLE_TEXT_OUTPUT_INTERFACE *out = uefi_st->ConOut;
    UINTN columns = 0;
    UINTN rows = 0;

    if (out == NULL || out->Mode == NULL ||
        EFI_ERROR(out->QueryMode(out, (UINTN)out->Mode->Mode, &columns, &rows)) || columns < 2) {
        return DEFAULT_WIDTH;
    }
    return (unsigned)columns;
}

/* How many characters of `text` go into a row: up to a blank where there is one. */
static unsigned fitting(const char *text, unsigned columns)
{
    unsigned count = 0;
    unsigned blank = 0;

    while (*text != '\0' && count < columns) {
        blank = *text == ' ' ? count : blank;
        ucs2_next(&text);
        count++;
    }
    return *text == '\0' || *text == ' ' || blank == 0 ? count : blank;
}

static const char *skip(const char *text, unsigned count)
{
    while (count-- > 0 && *text != '\0') {
        ucs2_next(&text);
    }
    while (*text == ' ') {
        text++;
    }
    return text;
}

void console_line(const char *text)
{
    CHAR16 end[] = L"\r\n";
    unsigned columns = width() - 1; /* the last one would make the terminal wrap by itself */
    unsigned indent = 0;

    console_progress_end();
    do {
        unsigned count = fitting(text, columns - indent);
        put_blanks(indent);
        put_text(text, count);
        put(end);
        text = skip(text, count);
        indent = columns > 4 * INDENT ? INDENT : 0;
    } while (*text != '\0');
}

void console_progress(const char *text)
{
    CHAR16 back[] = L"\r";
    unsigned previous = progress_length;

    if (previous > 0) {
        put(back);
    }
    /* Not into the last column: the cursor would go to the next line, and the carriage return not back. */
    unsigned length = put_text(text, width() - 1);
    if (length < previous) {
        put_blanks(previous - length);
    }
    progress_length = length > 0 ? length : previous;
}

void console_progress_end(void)
{
    CHAR16 end[] = L"\r\n";

    if (progress_length > 0) {
        progress_length = 0;
        put(end);
    }
}

static const struct {
    CHAR16 character;
    enum console_key key;
} keys[] = {
    {0x1b, CONSOLE_ESC}, {L'r', CONSOLE_R}, {L'R', CONSOLE_R}, {L'p', CONSOLE_P}, {L'P', CONSOLE_P},
};

enum console_key console_key(void)
{
    EFI_INPUT_KEY key = {0};

    if (uefi_st->ConIn == NULL || EFI_ERROR(uefi_st->ConIn->ReadKeyStroke(uefi_st->ConIn, &key))) {
        return CONSOLE_NONE;
    }
    if (key.ScanCode == SCAN_CODE_ESC) {
        return CONSOLE_ESC;
    }
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (key.UnicodeChar == keys[i].character) {
            return keys[i].key;
        }
    }
    return CONSOLE_OTHER;
}

static bool wait_for_key(EFI_INPUT_KEY *ret_key)
{
    SIMPLE_INPUT_INTERFACE *in = uefi_st->ConIn;
    EFI_STATUS status = EFI_NOT_READY;
    UINTN index = 0;

    while (in != NULL && status == EFI_NOT_READY) {
        if (EFI_ERROR(uefi_bs->WaitForEvent(1, &in->WaitForKey, &index))) {
            return false;
        }
        status = in->ReadKeyStroke(in, ret_key);
    }
    return in != NULL && !EFI_ERROR(status);
}

/* A character less, in UTF-8. */
static size_t without_last(const char *text, size_t length)
{
    while (length > 0 && ((uint8_t)text[--length] & 0xc0) == 0x80) {
    }
    return length;
}

bool console_hidden_line(char *ret_text, size_t capacity, size_t *ret_length)
{
    EFI_INPUT_KEY key = {0};
    size_t length = 0;

    ret_text[0] = '\0';
    while (wait_for_key(&key) && key.ScanCode != SCAN_CODE_ESC && key.UnicodeChar != 0x1b) {
        if (key.UnicodeChar == L'\r' || key.UnicodeChar == L'\n') {
            *ret_length = length;
            return true;
        }
        if (key.UnicodeChar == L'\b' || key.UnicodeChar == 0x7f) {
            length = without_last(ret_text, length);
        } else if (key.UnicodeChar >= 0x20) {
            length += ucs2_to_utf8(&key.UnicodeChar, 1, ret_text + length, capacity - length);
        }
        ret_text[length] = '\0';
    }
    return false;
}

void console_flush_keys(void)
{
    for (unsigned i = 0; i < KEYS_MAX && console_key() != CONSOLE_NONE; i++) {
    }
}

void console_watchdog(unsigned seconds)
{
    uefi_bs->SetWatchdogTimer(seconds, WATCHDOG_CODE, 0, NULL);
}
