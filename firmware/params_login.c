/* SPDX-License-Identifier: BSD-2-Clause */
#include "iscsi/lun.h"
#include "iscsi/session.h"
#include "params.h"

static struct chap_credentials credentials(const struct params *params, enum param_id name,
                                           enum param_id secret)
{
    if (!params_is_set(params, name))
        return (struct chap_credentials){0};
    return (struct chap_credentials){
        .name = params_text(params, name),
        .secret = (const uint8_t *)params_text(params, secret),
        .secret_length = params->values[secret].length,
    };
}

void params_login(const struct params *params, struct login_config *login)
{
    login->policy = params_login_policy(params);
    login->chap.local = credentials(params, PARAM_CHAP_NAME, PARAM_CHAP_SECRET);
    login->chap.target = (struct chap_credentials){0};
    if (login->policy !=
        LOGIN_AUTH_CHAP) /* auth = chap: the target need not prove itself, whatever else is set */
        login->chap.target = credentials(params, PARAM_MUTUAL_CHAP_NAME, PARAM_MUTUAL_CHAP_SECRET);
    login->digests = (enum keys_digest)params_number(params, PARAM_DIGESTS);
    login->chap.algorithm_count = (uint8_t)params_algorithms(params, login->chap.algorithms);
}

static uint32_t duration(const struct params *params, enum param_id id)
{
    uint64_t ms = params_number(params, id);

    return ms > UINT32_MAX ? UINT32_MAX : (uint32_t)ms;
}

void params_session(const struct params *params, struct session_config *config)
{
    config->queue_depth = (unsigned)params_number(params, PARAM_QUEUE_DEPTH);
    config->connect_ms = duration(params, PARAM_CONNECT_TIMEOUT);
    config->login_ms = duration(params, PARAM_LOGIN_TIMEOUT);
    config->command_ms = duration(params, PARAM_COMMAND_TIMEOUT);
    config->establish_ms = duration(params, PARAM_ATTACH_TIMEOUT);
    config->lun_reset = params_number(params, PARAM_LUN_RESET) == PARAMS_YES;
}

void params_lun(const struct params *params, struct lun_config *config)
{
    config->queue_depth = (unsigned)params_number(params, PARAM_QUEUE_DEPTH);
    config->ready_ms = duration(params, PARAM_ATTACH_TIMEOUT);
    config->request_ms = duration(params, PARAM_DISK_TIMEOUT);
}
