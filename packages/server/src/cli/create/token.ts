import { isStatusError } from '@kube-authn/core/internal'
import { serviceAccountObjects, signingKeyFromPem, tokenIssuer } from '@kube-authn/core/service-account'
import { Failure } from '../failure.ts'
import { durationSeconds } from '../terminal/duration.ts'
import { readText } from '../terminal/input.ts'
import { checkNames } from './names.ts'
import { writeOut } from './out.ts'
import type { TokenOptions } from './token/command.ts'

const MAX_KEY_BYTES = 65_536

/**
 * Prints a service account token.
 *
 * @throws {Failure} if an option is invalid.
 */
export async function createToken(name: string, options: TokenOptions): Promise<void> {
  const { namespace, uid, issuer, audience } = options
  checkNames(namespace, name, 'serviceaccount')
  if (uid === '') throw new Failure('--uid: must not be empty')
  const expirationSeconds = Math.floor(durationSeconds(options.duration, '--duration'))
  const bound = boundObject(name, options)
  const signingKey = await signingKeyFromPem(await readText(options.key, MAX_KEY_BYTES))
  const tokens = tokenIssuer({
    issuer,
    signingKey,
    objects: serviceAccountObjects({ serviceAccounts: [{ namespace, name, uid }], ...bound.objects }),
    // The token is as long valid as you ask.
    extendExpiration: false,
  })
  const spec = { audiences: audience, expirationSeconds, ...bound.spec }
  try {
    const { status } = await tokens.issue({ namespace, name }, { spec })
    await writeOut(`${status.token}\n`, options)
  } catch (error) {
    if (isStatusError(error)) throw new Failure(error.message, { cause: error })
    throw error
  }
}

function boundObject(
  serviceAccountName: string,
  { namespace, boundObjectKind: kind, boundObjectName: name, boundObjectUid: uid }: TokenOptions,
): { readonly objects: object; readonly spec: object } {
  if (kind === undefined && name === undefined && uid === undefined) return { objects: {}, spec: {} }
  if (kind === undefined || name === undefined || uid === undefined) {
    throw new Failure(
      '--bound-object-kind, --bound-object-name and --bound-object-uid: give all of them or none',
    )
  }
  const object = { namespace, name, uid }
  return {
    objects: {
      Pod: { pods: [{ ...object, serviceAccountName }] },
      Secret: { secrets: [{ ...object, data: {} }] },
      Node: { nodes: [{ name, uid }] },
    }[kind],
    spec: { boundObjectRef: { kind, apiVersion: 'v1', name, uid } },
  }
}
