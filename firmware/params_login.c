/* SPDX-License-Identifier: BSD-2-Clause */
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
