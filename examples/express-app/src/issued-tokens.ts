import { readFileSync } from 'node:fs'
import { bootstrapSecrets, createBootstrapToken } from '@kube-authn/core/bootstrap-token'
import { signingKeyFromPem } from '@kube-authn/core/jwt'
import { serviceAccountObjects, tokenIssuer } from '@kube-authn/core/service-account'
import { type CreateAuthenticatorOptions, verificationKeysAt } from '@kube-authn/node'
import type { Material } from './material.ts'

/** Tokens that this app issues itself, and the options by which it knows them again. */
export interface IssuedTokens {
  readonly options: Required<Pick<CreateAuthenticatorOptions, 'serviceAccounts' | 'bootstrapTokens'>>
  /** Of the service account `cart` in the namespace `shop`, for an hour. */
  readonly serviceAccountToken: string
  /** Of a machine that is to join, for ten minutes. */
  readonly bootstrapToken: string
}

/** Who issues tokens of service accounts, and whom they are for. */
const ISSUER = 'https://express-app.example.com'

/** A service account, and a machine that joins. An app keeps such objects where it keeps everything else; here they are in memory. */
export async function issueTokens(material: Material): Promise<IssuedTokens> {
  const objects = serviceAccountObjects({
    serviceAccounts: [{ namespace: 'shop', name: 'cart', uid: '3f2504e0-4f89-41d3-9a0c-0305e82c3301' }],
  })
  const key = await signingKeyFromPem(readFileSync(material.serviceAccounts.privateKeyPath, 'utf8'))
  const issuer = tokenIssuer({ issuer: ISSUER, key, objects })
  const { status } = await issuer.issue({ namespace: 'shop', name: 'cart' }, {})
  const { token, secret } = createBootstrapToken({
    ttlSeconds: 600,
    groups: ['system:bootstrappers:workers'],
  })
  const keys = await verificationKeysAt([material.serviceAccounts.publicKeyPath])
  return {
    options: {
      serviceAccounts: { issuers: [ISSUER], keys: keys.current, objects },
      bootstrapTokens: bootstrapSecrets([secret]),
    },
    serviceAccountToken: status.token,
    bootstrapToken: token,
  }
}
