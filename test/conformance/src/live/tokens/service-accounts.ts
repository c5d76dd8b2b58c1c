import type { Clock } from '@kube-authn/core'
import {
  verificationKeysFromPem,
  legacyServiceAccountToken,
  serviceAccountObjects,
  serviceAccountToken,
} from '@kube-authn/core/service-account'
import { canonical } from '../difference.ts'
import { type Explanation, type LiveArea, liveArea } from '../live-area.ts'
import { isOfMembers } from './explained-oidc.ts'
import { isOnlyThere, type Outcome, outcomeDifferences, outcomeOf } from './outcome.ts'
import { tokenText } from './token-text.ts'

/** The objects of a cluster at one time. */
export type RecordedObjects = Parameters<typeof serviceAccountObjects>[0]

interface Header {
  readonly header: { readonly keys: string; readonly objects: readonly RecordedObjects[] }
}

export interface RecordedServiceAccountToken {
  readonly id: string
  readonly request?: undefined
  readonly token: string
  readonly nowMs: number
  readonly issuers: readonly [string, ...string[]]
  readonly apiAudiences: readonly string[]
  readonly audiences?: readonly string[]
  /** The existing objects. */
  readonly objects: number
  readonly lookup: boolean
  readonly real: Outcome
}

const TOKENS = 'tokens/records/service-accounts.ndjson'

const SIGNED_WITH = /^(?:RS256|ES256|ES384|ES512)$/

const explanations: readonly Explanation<RecordedServiceAccountToken>[] = [
  {
    row: 'token text',
    explains: ({ at, here }, { token }) =>
      at === 'outcome' && here === 'no opinion' && tokenText(token).isUnusual,
    always: ({ real, token }) => real.user !== undefined && tokenText(token).isUnusual,
  },
  {
    row: 'algorithms of tokens',
    explains: (difference, { token }) =>
      (isOnlyThere(difference) || difference.here === 'no opinion') &&
      !SIGNED_WITH.test(String(tokenText(token).header['alg'])),
    always: ({ real, token }) =>
      real.user !== undefined && !SIGNED_WITH.test(String(tokenText(token).header['alg'])),
  },
  {
    row: 'members of token headers',
    explains: (difference, { token }) => isOfMembers(difference, token),
  },
  {
    row: 'times in tokens',
    explains: (difference) =>
      isOnlyThere(difference) &&
      /the (?:exp|nbf|iat|warnafter) claim has the wrong type$/.test(String(difference.here)),
  },
]

/** Service account tokens, with the existing objects. */
export const serviceAccounts: LiveArea = liveArea<RecordedServiceAccountToken>({
  name: 'live-service-accounts',
  files: [TOKENS],
  explanations,
  async *compare(recordings) {
    const [first, ...cases] = recordings.lines(TOKENS) as readonly [Header, ...RecordedServiceAccountToken[]]
    const keys = await verificationKeysFromPem(first.header.keys)
    for (const asked of cases.filter(({ request }) => request === undefined)) {
      const objects = serviceAccountObjects(first.header.objects[asked.objects])
      const clock: Clock = { now: () => asked.nowMs, after: () => () => undefined }
      const { issuers, apiAudiences: audiences } = asked
      const all = [
        legacyServiceAccountToken({ keys, audiences, objects: asked.lookup ? objects : false, clock }),
        serviceAccountToken({ issuers, keys, audiences, objects, clock }),
      ]
      const outcomes: Outcome[] = []
      for (const each of all) outcomes.push(await outcomeOf(each, asked.token, asked.audiences))
      const ours = outcomes.find(({ user }) => user) ??
        outcomes.find(({ none }) => none !== true) ?? { none: true }
      const differences = [...outcomeDifferences(asked.real, ours)]
      const [there, here] = [asked.real, ours].map((each) => [...(each.audiences ?? [])].toSorted())
      if (asked.real.user !== undefined && ours.user !== undefined && canonical(there) !== canonical(here)) {
        differences.push({ at: 'audiences', there, here })
      }
      yield { id: asked.id, asked, differences }
    }
  },
})
