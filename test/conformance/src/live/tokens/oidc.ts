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
  /** The position of its configuration. */
  readonly cfg: number
  readonly token: string
  /** When it was asked about; for one file, always the same. */
  readonly nowMs?: number
  readonly real: Outcome
  /** What we make of it. */
  readonly ours: Outcome
}

/** Tokens of OpenID Connect: at a fixed time by the packages of kube-apiserver, and by TokenReview of a running one. */
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

/** The running server had all configurations at once, so that of the issuer of a token counts. */
function configurationFor(configs: readonly string[], { cfg, token }: RecordedToken): string | undefined {
  const { iss } = tokenText(token).claims
  const quoted = JSON.stringify({ url: iss }).slice(1, -1)
  return configs.find((text) => text.includes(`${quoted},`)) ?? configs[cfg]
}
