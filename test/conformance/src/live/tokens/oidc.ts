import { type LiveArea, liveArea } from '../live-area.ts'
import { explainedOidc } from './explained-oidc.ts'
import { issuers } from './issuer.ts'
import { type Outcome, outcomeDifferences, outcomeOf } from './outcome.ts'
import { tokenText } from './token-text.ts'

interface Header {
  readonly header: { readonly jwks: string; readonly configs: readonly string[]; readonly nowMs: number }
}

export interface RecordedToken {
  readonly id: string
  /** The index of its configuration. */
  readonly cfg: number
  readonly token: string
  /** How it was made. */
  readonly plan?: string
  /** The time of the request; constant per file. */
  readonly nowMs?: number
  readonly real: Outcome
  /** Our outcome. */
  readonly ours: Outcome
}

/** OpenID Connect tokens: at a fixed time by kube-apiserver's packages, and by TokenReview of a running kube-apiserver. */
export const oidcTokens: readonly LiveArea[] = ['oidc-fixed', 'oidc-live'].map((name) => {
  const isOfOneServer = name === 'oidc-live'
  const file = `tokens/records/${name}.ndjson`
  return liveArea<RecordedToken>({
    name: `live-${name}`,
    files: [file],
    explanations: explainedOidc,
    async *compare(recordings) {
      const [first, ...cases] = recordings.lines(file) as readonly [Header, ...RecordedToken[]]
      const { jwks, configs, nowMs } = first.header
      const issuerOf = issuers()
      for (const recorded of cases) {
        const { id, cfg, token, real } = recorded
        const configuration = isOfOneServer ? configurationFor(configs, recorded) : configs[cfg]
        const tokens = issuerOf(configuration ?? '', jwks, recorded.nowMs ?? nowMs)
        const ours = await outcomeOf(tokens, token)
        yield { id, asked: { ...recorded, ours }, differences: outcomeDifferences(real, ours) }
      }
    },
  })
})

/** The running server had all configurations at once, so the one of the token's issuer applies. */
function configurationFor(configs: readonly string[], { cfg, token }: RecordedToken): string | undefined {
  const { iss } = tokenText(token).claims
  const quoted = JSON.stringify({ url: iss }).slice(1, -1)
  return configs.find((text) => text.includes(`${quoted},`)) ?? configs[cfg]
}
