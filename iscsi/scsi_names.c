/* SPDX-License-Identifier: BSD-2-Clause */
#include "scsi.h"

#define ANY 0x100u

const char *scsi_status_name(uint8_t status)
{
    static const struct {
        uint8_t status;
        const char *name;
    } rows[] = {
        {SCSI_GOOD, "GOOD"},
        {SCSI_CHECK_CONDITION, "CHECK CONDITION"},
        {SCSI_CONDITION_MET, "CONDITION MET"},
        {SCSI_BUSY, "BUSY"},
        {SCSI_RESERVATION_CONFLICT, "RESERVATION CONFLICT"},
        {SCSI_TASK_SET_FULL, "TASK SET FULL"},
        {SCSI_ACA_ACTIVE, "ACA ACTIVE"},
        {SCSI_TASK_ABORTED, "TASK ABORTED"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].status == status)
            return rows[i].name;
    return NULL;
}

const char *scsi_sense_key_name(uint8_t key)
{
    static const char *const names[16] = {
        "NO SENSE",        "RECOVERED ERROR", "NOT READY",    "MEDIUM ERROR",    "HARDWARE ERROR",
        "ILLEGAL REQUEST", "UNIT ATTENTION",  "DATA PROTECT", "BLANK CHECK",     "VENDOR SPECIFIC",
        "COPY ABORTED",    "ABORTED COMMAND", NULL,           "VOLUME OVERFLOW", "MISCOMPARE",
        "COMPLETED",
    };

    return key < 16 ? names[key] : NULL;
}

/* Additional sense codes that a disk on a SAN may report, in our words. The first row that fits counts. */
static const struct sense_text {
    uint8_t asc;
    uint16_t ascq;
    const char *text;
} sense_texts[] = {
    {0x00, 0x00, "no further information"},
    {0x00, 0x06, "the command was ended by the target"},
    {0x00, 0x16, "an operation is in progress"},
    {0x01, ANY, "no index or sector signal"},
    {0x02, ANY, "a seek did not complete"},
    {0x03, ANY, "write fault of the drive"},
    {0x04, 0x00, "not ready, the disk does not say why"},
    {0x04, 0x01, "the disk is becoming ready"},
    {0x04, 0x02, "the disk waits for a start command"},
    {0x04, 0x03, "somebody has to attend to the storage"},
    {0x04, 0x04, "the disk is being formatted"},
    {0x04, 0x05, "a RAID rebuild is in progress"},
    {0x04, 0x06, "a RAID recalculation is in progress"},
    {0x04, 0x07, "an operation of the storage is in progress"},
    {0x04, 0x08, "a long write is in progress"},
    {0x04, 0x09, "a self-test is in progress"},
    {0x04, 0x0a, "the array is moving the disk to another controller"},
    {0x04, 0x0b, "this path to the disk is on standby"},
    {0x04, 0x0c, "this path to the disk is unavailable"},
    {0x04, 0x11, "the disk waits for permission to spin up"},
    {0x04, 0x12, "the disk is offline"},
    {0x04, 0x14, "space for the disk is being allocated"},
    {0x04, 0x1a, "a start or stop is in progress"},
    {0x04, 0x1b, "the disk is being sanitised"},
    {0x04, 0x1c, "the disk is leaving a power-saving state"},
    {0x04, 0x20, "the logical unit was reset and waits for its configuration"},
    {0x04, 0x22, "the disk has to be power cycled"},
    {0x04, 0x24, "part of the disk is being taken out of use"},
    {0x04, ANY, "the disk is not ready"},
    {0x05, ANY, "the disk behind the array does not respond to selection"},
    {0x06, ANY, "the drive finds no reference position"},
    {0x08, 0x01, "the array waits in vain for the disk behind it"},
    {0x08, ANY, "the array cannot talk to the disk behind it"},
    {0x09, ANY, "the drive lost its track"},
    {0x0a, ANY, "the error log is full"},
    {0x0b, 0x01, "warning: the disk is too warm"},
    {0x0b, ANY, "warning from the disk"},
    {0x0c, 0x00, "write error"},
    {0x0c, 0x02, "write error, and the block could not be moved elsewhere"},
    {0x0c, 0x03, "write error; the block should be moved elsewhere"},
    {0x0c, 0x0d, "not enough unsolicited data for a write"},
    {0x0c, ANY, "write error"},
    {0x0e, ANY, "error in a command information unit"},
    {0x10, 0x01, "the check of a block's guard failed"},
    {0x10, 0x02, "the check of a block's application tag failed"},
    {0x10, 0x03, "the check of a block's reference tag failed"},
    {0x10, ANY, "checksum error in a block's header"},
    {0x11, 0x00, "a block cannot be read"},
    {0x11, 0x01, "a block could not be read within all retries"},
    {0x11, 0x04, "a block cannot be read, and could not be moved elsewhere"},
    {0x11, 0x14, "a block was marked unreadable by the host"},
    {0x11, ANY, "a block cannot be read"},
    {0x14, ANY, "a recorded block was not found"},
    {0x15, ANY, "positioning error"},
    {0x16, ANY, "data synchronisation error"},
    {0x17, ANY, "data was recovered without error correction"},
    {0x18, ANY, "data was recovered with error correction"},
    {0x19, ANY, "error in the list of defects"},
    {0x1a, ANY, "a parameter list has the wrong length"},
    {0x1b, ANY, "synchronous transfer error"},
    {0x1d, ANY, "a comparison found a difference"},
    {0x20, 0x00, "the disk does not know this command"},
    {0x20, 0x01, "access refused: no rights for this initiator"},
    {0x20, 0x02, "access refused: no rights"},
    {0x20, ANY, "access refused"},
    {0x21, 0x00, "the block address lies beyond the end"},
    {0x21, ANY, "an address is not allowed"},
    {0x22, ANY, "the disk does not have this function"},
    {0x24, 0x00, "a field of the command is not allowed"},
    {0x24, ANY, "a field of the command is not allowed"},
    {0x25, 0x00, "there is no such logical unit"},
    {0x26, 0x00, "a field of the parameters is not allowed"},
    {0x26, ANY, "a parameter is not allowed"},
    {0x27, 0x00, "write protected"},
    {0x27, 0x01, "write protected by the hardware"},
    {0x27, 0x02, "write protected by the logical unit's settings"},
    {0x27, 0x03, "write protected until the next change of medium"},
    {0x27, 0x04, "write protected persistently"},
    {0x27, 0x05, "write protected permanently"},
    {0x27, 0x06, "write protected under conditions"},
    {0x27, 0x07, "no space could be allocated: the pool behind the thin disk is full"},
    {0x27, 0x08, "the zone is read only"},
    {0x27, ANY, "write protected"},
    {0x28, 0x00, "the medium may have changed"},
    {0x28, ANY, "the medium was moved"},
    {0x29, 0x00, "power was turned on, or a reset took place"},
    {0x29, 0x01, "power was turned on"},
    {0x29, 0x02, "the bus was reset"},
    {0x29, 0x03, "the target was reset"},
    {0x29, 0x04, "the device reset itself"},
    {0x29, 0x07, "the session with the disk was lost"},
    {0x29, ANY, "a reset took place"},
    {0x2a, 0x01, "mode parameters were changed"},
    {0x2a, 0x03, "reservations were preempted"},
    {0x2a, 0x04, "reservations were released"},
    {0x2a, 0x05, "registrations were preempted"},
    {0x2a, 0x06, "the state of the paths has changed"},
    {0x2a, 0x07, "the array could not move the disk to another controller"},
    {0x2a, 0x09, "the size of the disk has changed"},
    {0x2a, ANY, "parameters were changed"},
    {0x2c, 0x00, "a command out of sequence"},
    {0x2c, 0x09, "an earlier reservation conflict"},
    {0x2c, ANY, "a command out of sequence"},
    {0x2e, ANY, "the target had no time for the command"},
    {0x2f, 0x00, "commands were cleared by another initiator"},
    {0x2f, 0x01, "commands were cleared by a power loss"},
    {0x2f, 0x02, "commands were cleared by the storage"},
    {0x2f, ANY, "commands were cleared"},
    {0x30, ANY, "the medium does not fit the drive"},
    {0x31, 0x00, "the medium's format is corrupted"},
    {0x31, 0x01, "formatting failed"},
    {0x31, ANY, "the medium is not formatted properly"},
    {0x32, ANY, "no spare block is left for a defect"},
    {0x35, ANY, "the enclosure has a problem"},
    {0x37, ANY, "a parameter was rounded"},
    {0x38, 0x07, "the pool behind the thin disk is filling up"},
    {0x38, ANY, "notice of the storage"},
    {0x39, ANY, "saving parameters is not supported"},
    {0x3a, ANY, "there is no medium in the drive"},
    {0x3d, ANY, "a reserved field is used"},
    {0x3e, 0x00, "the logical unit has not configured itself yet"},
    {0x3e, 0x01, "the logical unit failed"},
    {0x3e, 0x02, "the logical unit did not answer in time"},
    {0x3e, 0x03, "the self-test failed"},
    {0x3e, ANY, "the logical unit has a fault"},
    {0x3f, 0x01, "the storage's firmware was changed"},
    {0x3f, 0x02, "the operating definition was changed"},
    {0x3f, 0x03, "the inquiry data has changed"},
    {0x3f, 0x05, "the disk's identifier has changed"},
    {0x3f, 0x0e, "the list of logical units has changed"},
    {0x3f, ANY, "the target's operation has changed"},
    {0x40, ANY, "a component failed its diagnosis"},
    {0x41, ANY, "failure on the data path"},
    {0x43, ANY, "message error"},
    {0x44, 0x00, "failure inside the target"},
    {0x44, ANY, "failure inside the target"},
    {0x45, ANY, "selection failed"},
    {0x47, ANY, "data was damaged on its way"},
    {0x48, ANY, "the target saw an error message from the initiator"},
    {0x49, ANY, "message error"},
    {0x4a, ANY, "error in the command phase"},
    {0x4b, 0x00, "error in the data phase"},
    {0x4b, ANY, "error in the data phase"},
    {0x4c, ANY, "the logical unit could not configure itself"},
    {0x4e, ANY, "commands overlap"},
    {0x53, ANY, "the medium could not be loaded or is locked"},
    {0x55, 0x01, "the storage is out of resources"},
    {0x55, 0x04, "the storage has no room for another registration"},
    {0x55, ANY, "the storage is out of resources"},
    {0x5d, ANY, "the disk predicts its own failure"},
    {0x5e, ANY, "the disk saves energy"},
    {0x65, ANY, "voltage fault"},
    {0x68, ANY, "the logical unit is not configured"},
    {0x67, ANY, "the configuration of the logical unit failed"},
    {0x74, ANY, "a security error"},
};

const char *scsi_sense_text(uint8_t asc, uint8_t ascq)
{
    for (size_t i = 0; i < sizeof sense_texts / sizeof sense_texts[0]; i++)
        if (sense_texts[i].asc == asc && (sense_texts[i].ascq == ANY || sense_texts[i].ascq == ascq))
            return sense_texts[i].text;
    return NULL;
}
