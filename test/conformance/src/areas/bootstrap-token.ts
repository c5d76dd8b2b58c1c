import { emptyContext } from '@kube-authn/core'
import {
  bootstrapSecrets,
  bootstrapToken,
  bootstrapTokenCleaner,
  isBootstrapGroup,
  type Secret,
  tokenIdOfSecretName,
} from '@kube-authn/core/bootstrap-token'
import { fixedClock } from '@kube-authn/testing'
import { outcomeOf } from '../behaviour.ts'
import type { Given, UnitRunner } from '../vector.ts'

/** Area D-bootstrap-auth: who has a bootstrap token. */
export const bootstrapAuth: UnitRunner = async ({ given }) => {
  const secrets = (given['secrets'] as readonly VectorSecret[]).map(secretOf)
  const tokens = bootstrapToken({ secrets: bootstrapSecrets(secrets), clock: clockOf(given) })
  let outcome = {}
  for (let time = 0; time < Number(given['repeat'] ?? 1); time++) {
    outcome = await outcomeOf(() => tokens.authenticateToken(String(given['token']), emptyContext))
  }
  return withVectorOutcome(outcome)
}

/** Area D-bootstrap-groups: the groups a token can give, and the names of secrets. */
export const bootstrapGroups: UnitRunner = ({ given }) => {
  const name = given['parseSecretName']
  return Promise.resolve(
    typeof name === 'string'
      ? { tokenId: tokenIdOfSecretName(name) ?? null }
      : { valid: isBootstrapGroup(String(given['group'])) },
  )
}

/** Area D-bootstrap-cleaner: what happens to the secret of a token. */
export const bootstrapCleaner: UnitRunner = async ({ given }) => {
  const secret = { ...secretOf(given['secret'] as VectorSecret), uid: 'the-uid' }
  const clock = clockOf(given)
  const deleted: (string | undefined)[] = []
  let delayMs: number | undefined
  await bootstrapTokenCleaner({
    secrets: {
      getSecret: () => secret,
      deleteSecret: (_name, { uid }) => void deleted.push(uid),
    },
    clock: {
      now: () => clock.now(),
      after: (milliseconds, callback) => {
        delayMs = milliseconds
        return clock.after(milliseconds, callback)
      },
    },
  }).check(secret.name)
  if (deleted.length > 0)
    return { action: 'delete', precondition: deleted[0] === secret.uid ? 'uid' : 'none' }
  return delayMs === undefined ? { action: 'none' } : { action: 'requeue', afterSeconds: delayMs / 1000 }
}

interface VectorSecret {
  readonly namespace: string
  readonly name: string
  readonly type: string
  readonly data: Readonly<Record<string, string>>
  readonly deletionTimestamp?: number
}

function secretOf({ namespace, name, type, data, deletionTimestamp }: VectorSecret): Secret {
  return {
    namespace,
    name,
    type,
    data,
    ...(deletionTimestamp !== undefined && { deletionTimestampMs: deletionTimestamp * 1000 }),
  }
}

function clockOf(given: Given): ReturnType<typeof fixedClock> {
  return fixedClock(Number(given['now']) * 1000)
}

/** These vectors write `no_opinion`. */
function withVectorOutcome(actual: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return actual['outcome'] === 'no-opinion' ? { ...actual, outcome: 'no_opinion' } : actual
}
