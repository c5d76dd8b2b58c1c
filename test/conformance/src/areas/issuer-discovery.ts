import { ConfigurationError } from '@kube-authn/core'
import type { VerificationKey } from '@kube-authn/core/service-account'
import { issuerDiscovery } from '@kube-authn/issuer'
import { JWKS_PATH, OPENID_CONFIGURATION_PATH } from '@kube-authn/issuer/internal'
import { verificationKeyOfJwk } from '@kube-authn/core/oidc'
import type { Given, UnitRunner } from '../vector.ts'
import { privateJwkNamed } from './signed-token.ts'
import { reading } from '../reading.ts'

type Result = Readonly<Record<string, unknown>>

/** Area C-oidc-endpoints: the documents of an issuer, and their paths. */
export const issuerDiscoveries: UnitRunner = reading(
  {
    given: 'issuer jwksURI externalAddress publicKeys privateKeys request',
    expect:
      'outcome message messageContains effect status headers body bodyText jwks_uri issuer response_types_supported subject_types_supported id_token_signing_alg_values_supported',
  },
  async ({ given, expect }) => {
    // A comment in the vectors.
    const { effect } = expect
    const { request } = given
    try {
      const { documentAt } = issuerDiscovery({
        issuer: String(given['issuer']),
        keys: await keysOf(given),
        jwksUri: typeof given['jwksURI'] === 'string' ? given['jwksURI'] : DEFAULT_JWKS_URI,
        externalAddress: typeof given['externalAddress'] === 'string' ? given['externalAddress'] : '',
      })
      const jwks = documentAt(JWKS_PATH)?.body ?? ''
      if (/"(d|p|q|dp|dq|qi)":/.test(jwks)) return { outcome: 'private members are published' }
      const described = JSON.parse(documentAt(OPENID_CONFIGURATION_PATH)?.body ?? '{}') as Result
      if (typeof request !== 'string') return described
      // A fragment is never sent.
      const document = documentAt(request.replace(/^GET /, '').replace(/[?#].*$/, ''))
      if (document === undefined) return { status: 404 }
      const { body, headers } = document
      return { status: 200, headers, bodyText: body, body: JSON.parse(body) as unknown }
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error
      const message = error.problems[0]?.message
      return { outcome: 'error', message, messageContains: message, effect }
    }
  },
)

/** Of the cases that are about paths alone. */
const DEFAULT_JWKS_URI = 'https://issuer.example.com/openid/v1/jwks'

function keysOf(given: Given): Promise<readonly VerificationKey[]> {
  const { publicKeys = [], privateKeys = [] } = given as {
    readonly publicKeys?: readonly JsonWebKey[]
    readonly privateKeys?: readonly string[]
  }
  return Promise.all(
    [...publicKeys, ...privateKeys.map(privateJwkNamed)].map((jwk) => verificationKeyOfJwk(jwk)),
  )
}
