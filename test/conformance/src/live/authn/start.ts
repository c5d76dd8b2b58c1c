import { isConfigurationError } from '@kube-authn/core/internal'
import type { Difference } from '../difference.ts'
import { FRAMEWORKS } from '../http/framework-apps.ts'
import { type LiveArea, liveArea } from '../live-area.ts'
import { pkiOf } from './credentials.ts'
import { explainedStart } from './explained-start.ts'
import { http1App } from './http1-app.ts'
import { outcomeDifferences, outcomeOfHttp1 } from './outcome.ts'
import type { AuthenticationOutcome, AuthenticationRequest } from './recorded-authentication.ts'
import { type RecordedSetup, withAuthenticator } from './setup.ts'
import { whoamiApp } from './whoami-apps.ts'

export interface RecordedStart {
  readonly id: string
  /** Or the description of a set-up that was too long to record. */
  readonly setup: RecordedSetup | string
  readonly probes: readonly AuthenticationRequest[]
  readonly kubeApiserver: {
    readonly starts: boolean
    readonly error?: string
    readonly answers: readonly AuthenticationOutcome[]
  }
}

/** Which files and options a server starts with, and the users it authenticates, in every framework. */
export const start: LiveArea = liveArea<RecordedStart>({
  name: 'live-authn-start',
  files: ['authn/setups/pki.json'],
  explanations: explainedStart,
  async *compare(recordings) {
    const pki = pkiOf(recordings)
    const files = recordings.files('authn/recorded').filter((name) => name.startsWith('boot-'))
    const all = files.flatMap((name) =>
      recordings.lines(`authn/recorded/${name}`),
    ) as readonly RecordedStart[]
    for (const asked of all) {
      const { id, setup, probes, kubeApiserver } = asked
      if (typeof setup === 'string') continue
      yield* withAuthenticator(setup, pki, async function* (made) {
        if (isConfigurationError(made)) {
          yield { id, asked, differences: startDifferences(kubeApiserver, made.message) }
          return
        }
        const differences = [...startDifferences(kubeApiserver, undefined)]
        for (const framework of FRAMEWORKS) {
          const app = await http1App(whoamiApp(framework, made), pki, setup)
          for (const [position, answer] of kubeApiserver.answers.entries()) {
            const here = outcomeOfHttp1(await app.ask(probes[position] ?? {}))
            const found = outcomeDifferences(answer, here)
            differences.push(...found.map((each) => ({ ...each, at: `${framework} ${each.at}` })))
          }
          await app.close()
        }
        yield { id, asked, differences }
      })
    }
  },
})

/** Messages of refusals are not compared. */
function startDifferences(
  { starts, error = '' }: RecordedStart['kubeApiserver'],
  refusal: string | undefined,
): readonly Difference[] {
  if (starts === (refusal === undefined)) return []
  return [{ at: 'start', there: starts ? 'starts' : error, here: refusal ?? 'starts' }]
}
