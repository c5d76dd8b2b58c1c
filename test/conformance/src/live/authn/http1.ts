import { isConfigurationError } from '@kube-authn/core/internal'
import { type Framework, FRAMEWORKS } from '../http/framework-apps.ts'
import { type Compared, type Explanation, type LiveArea, liveArea } from '../live-area.ts'
import { together } from '../together.ts'
import { type Pki, pkiOf } from './credentials.ts'
import { explainedCertificates } from './explained-certificates.ts'
import { explainedHttp1 } from './explained-http1.ts'
import { http1App } from './http1-app.ts'
import { outcomeDifferences, outcomeOfHttp1 } from './outcome.ts'
import { type RecordedAuthentication, type RecordedCases, recordedCases } from './recorded-authentication.ts'
import { withAuthenticator } from './setup.ts'
import { whoamiApp } from './whoami-apps.ts'

/** Requests over HTTP/1.1 without a certificate: the authenticated user, in every framework. */
export const http1: LiveArea = http1Area('live-authn-http1', false, explainedHttp1)

/** The same with client certificates. */
export const certificates: LiveArea = http1Area('live-authn-certificates', true, explainedCertificates)

function http1Area(
  name: string,
  hasCertificate: boolean,
  explanations: readonly Explanation<RecordedAuthentication>[],
): LiveArea {
  return liveArea<RecordedAuthentication>({
    name,
    files: ['authn/setups/pki.json'],
    explanations,
    async *compare(recordings) {
      const pki = pkiOf(recordings)
      const all = recordedCases(
        recordings,
        ({ http2 = false, cert }) => !http2 && hasCertificate === (cert !== undefined),
      )
      for (const recorded of all) yield* compareSetup(recorded, pki)
    },
  })
}

async function* compareSetup(
  { name, setup, cases }: RecordedCases,
  pki: Pki,
): AsyncGenerator<Compared<RecordedAuthentication>> {
  yield* withAuthenticator(setup, pki, async function* (made) {
    const idOf = (framework: Framework, { id }: RecordedAuthentication): string =>
      `${framework} ${name} ${id}`
    for (const framework of FRAMEWORKS) {
      if (isConfigurationError(made)) {
        const differences = [{ at: 'start', there: 'starts', here: made.message }]
        for (const asked of cases) yield { id: idOf(framework, asked), asked, differences }
        continue
      }
      const app = await http1App(whoamiApp(framework, made), pki, setup)
      yield* await together(cases, async (asked) => {
        const here = outcomeOfHttp1(await app.ask(asked.request))
        const differences = outcomeDifferences(asked.kubeApiserver, here)
        return { id: idOf(framework, asked), asked, differences }
      })
      await app.close()
    }
  })
}
