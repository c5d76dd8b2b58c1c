import { generateKeyPairSync } from 'node:crypto'
import { createServer } from 'node:http'
import { verificationKeysFromPem } from '@kube-authn/core/service-account'
import { issuerDiscovery } from '@kube-authn/issuer'
import { memoryObjectStore } from '@kube-authn/store'
import { apiServer } from '@kube-authn/server/node'
import { answerDifferences } from '../http/answer-differences.ts'
import { appParts } from '../http/app-parts.ts'
import { proxied } from '../http/recorded-request.ts'
import { runningServer } from '../http/running-app.ts'
import { type LiveArea, liveArea } from '../live-area.ts'
import { explainedServerAnswers } from './explained-server-answers.ts'
import { bootstrapPolicy, rbacMode } from './policies.ts'
import type { RecordedRefusal } from './requests.ts'

const REQUESTS = 'authz/recorded/requests.ndjson'

/** The same requests to an API server: also what is answered if they are allowed. */
export const serverRequests: LiveArea = liveArea<RecordedRefusal>({
  name: 'live-server-requests',
  files: [REQUESTS],
  explanations: explainedServerAnswers,
  async *compare(recordings) {
    const { authorizer } = rbacMode(bootstrapPolicy(recordings))
    const { authenticator } = appParts(authorizer)
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const keys = await verificationKeysFromPem(publicKey.export({ type: 'spki', format: 'pem' }).toString())
    const { listener, close } = await apiServer({
      store: memoryObjectStore(),
      authenticator,
      authorizer,
      // As the recorded server: its roles decide about these paths, too.
      alwaysAllowPaths: [],
      challenges: 'none',
      issuerDiscovery: issuerDiscovery({
        issuer: 'https://kubernetes.default.svc',
        externalAddress: '127.0.0.1:22400',
        keys,
      }),
      log: false,
    })
    const server = await runningServer(createServer({ maxHeaderSize: 1024 * 1024 }, listener))
    for (const asked of recordings.lines(REQUESTS) as readonly RecordedRefusal[]) {
      const here = await server.ask(proxied(asked))
      const id = `${asked.id} ${asked.method} ${asked.target.slice(0, 200)}`
      yield { id, asked, differences: answerDifferences(asked.answer, here) }
    }
    await close()
    await server.close()
  },
})
