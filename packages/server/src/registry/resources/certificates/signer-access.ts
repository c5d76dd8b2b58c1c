import { attributesOf, decide } from '@kube-authn/core/internal'
import type { Write } from '../../resource.ts'

/**
 * Whether the caller may approve or sign requests for a signer: the verb on `signers.certificates.k8s.io` with its name, or with `DOMAIN/*`. The server
 * itself may, and so may every caller if there is no authorizer.
 *
 * Source: kubernetes `pkg/certauthorization/certauthorization.go` IsAuthorizedForSignerName.
 */
export async function maySign(
  { caller, services: { authorizer } }: Write,
  verb: 'approve' | 'sign',
  signerName: string,
): Promise<boolean> {
  if (caller === undefined || authorizer === undefined) return true
  const mayFor = async (name: string): Promise<boolean> => {
    const request = { verb, apiGroup: 'certificates.k8s.io', apiVersion: '*', resource: 'signers', name }
    const { verdict } = await decide(authorizer, attributesOf(caller.user, request), caller.context)
    return verdict === 'allow'
  }
  const [domain = ''] = signerName.split('/')
  return (await mayFor(signerName)) || mayFor(`${domain}/*`)
}
