import { type Explanation, type LiveArea, liveArea } from '../live-area.ts'
import { issuers } from './issuer.ts'
import { isOnlyHere, isOnlyThere, type Outcome, outcomeDifferences, outcomeOf } from './outcome.ts'

interface RecordedKeys {
  readonly id: string
  readonly jwks: string
  readonly token: string
  readonly config: string
  readonly nowMs: number
  readonly real: Outcome
}

const KEYS = 'tokens/records/jwks.ndjson'

const explanations: readonly Explanation<RecordedKeys>[] = [
  {
    row: 'keys in a set',
    explains: (difference, { jwks }) =>
      (isOnlyHere(difference) &&
        /: (?:fetching keys oidc: failed to decode keys: .*|failed to verify id token signature)$/s.test(
          String(difference.there),
        )) ||
      (isOnlyThere(difference) && (hasOtherNames(jwks) || jwks.includes(String.raw`\n"`))),
  },
  {
    row: 'tokens that name no key',
    explains: (difference) =>
      isOnlyThere(difference) && String(difference.here).endsWith('more than 16 keys match the token'),
  },
]

/** One good token and key sets of many shapes. */
export const keySets: LiveArea = liveArea<RecordedKeys>({
  name: 'live-jwks',
  files: [KEYS],
  explanations,
  async *compare(recordings) {
    const issuerOf = issuers()
    for (const asked of recordings.lines(KEYS) as readonly RecordedKeys[]) {
      const { id, config, jwks, nowMs, token, real } = asked
      const ours = await outcomeOf(issuerOf(config, jwks, nowMs), token)
      yield { id, asked, differences: outcomeDifferences(real, ours) }
    }
  },
})

/** Whether a name is written with capitals. */
function hasOtherNames(jwks: string): boolean {
  return (jwks.match(/"(?:keys|kty)"/gi) ?? []).some((name) => name !== name.toLowerCase())
}
