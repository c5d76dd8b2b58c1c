import { authenticateRequest, fetchRequest } from '@kube-authn/core/adapter'
import { authenticatorChain } from '@kube-authn/core'
import { auditLog } from '@kube-authn/audit'
import { metrics, prometheusBridge } from '@kube-authn/metrics'
import { openTelemetry } from '@kube-authn/metrics/opentelemetry'
import { tokenFile } from '@kube-authn/core/token-file'
import { checksOf } from './check.mjs'
import { expectEqual, expectText } from './expect.mjs'
import { bearer, requestWith } from './requests.mjs'

const check = checksOf('observers')
const TOKEN = 's3cr3t-t0ken'

async function observed(observer, tracing) {
  const chain = authenticatorChain({ tokens: [tokenFile(`${TOKEN},jane,1`)] })
  const authenticate = authenticateRequest(chain, { observer, ...(tracing !== undefined && { tracing }) })
  for (const headers of [bearer(TOKEN), bearer(`${TOKEN}x`), {}]) {
    await authenticate(fetchRequest(requestWith(headers)))
  }
}

check('count under the names of kube-apiserver', async () => {
  const counts = metrics()
  await observed(counts.observer)
  expectEqual([counts.attempts('success'), counts.attempts('error')], [1, 1])
  expectText(counts.render(), /^authentication_attempts\{result="success"\} 1$/m)
})

check('write what happened, and never a credential', async () => {
  const events = []
  await observed(auditLog({ write: (event) => events.push(event) }))
  expectText(events[0].auditID, /^[\da-f-]{36}$/)
  expectText(JSON.stringify(events), '"jane"')
  expectEqual(JSON.stringify(events).includes(TOKEN), false)
})

check('show metrics in a registry of another', async () => {
  const collectors = new Map()
  const registry = {
    registerMetric: (metric) => collectors.set(metric.name, metric),
    getSingleMetric: (name) => collectors.get(name),
    removeSingleMetric: (name) => collectors.delete(name),
  }
  const counts = metrics()
  const bridge = prometheusBridge(counts, registry)
  await observed(counts.observer)
  const { values } = await collectors.get('authentication_attempts').get()
  expectEqual(values, [
    { labels: { result: 'success' }, value: 1 },
    { labels: { result: 'error' }, value: 1 },
    { labels: { result: 'failure' }, value: 1 },
  ])
  bridge.close()
  expectEqual(collectors.size, 0)
})

check('make spans and count in instruments, and never tell a credential', async () => {
  const spans = []
  const counted = []
  const tracer = {
    startSpan(name) {
      const span = { name, attributes: {}, ended: 0 }
      spans.push(span)
      return {
        isRecording: () => true,
        setAttribute: (key, value) => void (span.attributes[key] = value),
        setStatus: () => {},
        end: () => void span.ended++,
      }
    },
  }
  const instrument = (name) => ({
    add: (amount, labels) => counted.push([name, amount, labels]),
    record: () => {},
    addCallback: () => {},
  })
  const meter = Object.fromEntries(
    ['Counter', 'UpDownCounter', 'Gauge', 'Histogram', 'ObservableGauge'].map((kind) => [
      `create${kind}`,
      instrument,
    ]),
  )
  const { observer, tracing } = openTelemetry({ tracer, meter })
  await observed(observer, tracing)
  expectEqual(
    spans.map(({ attributes, ended }) => [attributes['kube_authn.outcome'], ended]),
    [
      ['authenticated', 1],
      ['rejected', 1],
      ['noOpinion', 1],
    ],
  )
  expectEqual(counted[0], ['authentication_attempts', 1, { result: 'success' }])
  expectEqual(JSON.stringify([spans, counted]).includes(TOKEN), false)
})
