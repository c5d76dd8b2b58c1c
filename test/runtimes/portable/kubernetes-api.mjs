import { userInfo } from '@kube-authn/core'
import { kubernetesApi } from '@kube-authn/server'
import { memoryObjectStore } from '@kube-authn/store'
import { checksOf } from './check.mjs'
import { expectEqual, expectText } from './expect.mjs'

const check = checksOf('Kubernetes API in memory')
const JANE = userInfo({ username: 'jane' })
const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps'
const CSRS = '/apis/certificates.k8s.io/v1/certificatesigningrequests'

/** Of `/CN=jbeda/O=app1/O=app2`, with a key on P-256. */
const CSR_PEM = `-----BEGIN CERTIFICATE REQUEST-----
MIHoMIGQAgEAMC4xDjAMBgNVBAMMBWpiZWRhMQ0wCwYDVQQKDARhcHAxMQ0wCwYD
VQQKDARhcHAyMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEMrT8eOtDl99woEUm
qywV7Zr6CZvlkFLUTkG4xOB5F2ndcT7o+z84Qy2k54d3mkCYOIfa+5Sxqg9nHZsC
Va/M1KAAMAoGCCqGSM49BAMCA0cAMEQCIDIXIo66qmidkTrTzlqjwE3WDD6Z4sVs
5BuKUqet49cQAiByrKCx4BNKisj6ovOUgsaQzM13bsyFwUcJJpCdrPoo7g==
-----END CERTIFICATE REQUEST-----
`

async function startApi() {
  const api = await kubernetesApi({ store: memoryObjectStore() })
  const respond = (method, path, { body, type = 'application/json', ...init } = {}) => {
    const content = body !== undefined && {
      body: typeof body === 'string' ? body : JSON.stringify(body),
      headers: { 'content-type': type },
    }
    const request = new Request(`https://api.example.com${path}`, { method, ...content, ...init })
    return api(request, { user: JANE })
  }
  const ask = async (...asked) => {
    const response = await respond(...asked)
    return { code: response.status, answer: await response.json() }
  }
  return { respond, ask }
}

const configMap = (name, data) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data })

check('streams a watch until its reader leaves', async () => {
  const { respond, ask } = await startApi()
  const { answer } = await ask('GET', CONFIG_MAPS)
  const since = answer.metadata.resourceVersion
  const watch = await respond('GET', `${CONFIG_MAPS}?watch=true&resourceVersion=${since}`)
  const next = linesOf(watch.body.getReader())
  await ask('POST', CONFIG_MAPS, { body: configMap('cart', { size: 'large' }) })
  await ask('DELETE', `${CONFIG_MAPS}/cart`)
  const events = [await next(), await next()]
  await next.leave()
  expectEqual(
    events.map(({ type, object }) => [type, object.metadata.name, object.data]),
    [
      ['ADDED', 'cart', { size: 'large' }],
      ['DELETED', 'cart', { size: 'large' }],
    ],
  )
})

check('patches and applies', async () => {
  const { ask } = await startApi()
  const path = `${CONFIG_MAPS}/cart`
  await ask('POST', CONFIG_MAPS, { body: configMap('cart', { size: 'large', unit: 'l' }) })
  const dataAfter = async (type, body, query = '') => {
    const { code, answer } = await ask('PATCH', path + query, { type: `application/${type}`, body })
    return [code, answer.data]
  }
  expectEqual(
    [
      await dataAfter('strategic-merge-patch+json', { data: { size: 'small' } }),
      await dataAfter('merge-patch+json', { data: { unit: null } }),
      await dataAfter('json-patch+json', [{ op: 'replace', path: '/data/size', value: 'tiny' }]),
      await dataAfter('apply-patch+yaml', configMap('cart', { color: 'red' }), '?fieldManager=checks'),
    ],
    [
      [200, { size: 'small', unit: 'l' }],
      [200, { size: 'small' }],
      [200, { size: 'tiny' }],
      [200, { color: 'red', size: 'tiny' }],
    ],
  )
})

check('stores a request for a certificate, with who made it, and its approval', async () => {
  const { ask } = await startApi()
  const spec = {
    request: btoa(CSR_PEM),
    signerName: 'kubernetes.io/kube-apiserver-client',
    usages: ['client auth'],
  }
  const kind = { apiVersion: 'certificates.k8s.io/v1', kind: 'CertificateSigningRequest' }
  const created = await ask('POST', CSRS, { body: { ...kind, metadata: { name: 'jbeda' }, spec } })
  expectEqual([created.code, created.answer.spec?.username], [201, 'jane'])
  const approved = { type: 'Approved', status: 'True', reason: 'Tested' }
  const { code, answer } = await ask('PUT', `${CSRS}/jbeda/approval`, {
    body: { ...created.answer, status: { conditions: [approved] } },
  })
  expectEqual([code, answer.status?.conditions?.[0]?.type], [200, 'Approved'])
})

check('refuses a request for a certificate that is none', async () => {
  const { ask } = await startApi()
  const spec = { request: btoa('none'), signerName: 'example.com/a', usages: ['client auth'] }
  const { code, answer } = await ask('POST', CSRS, { body: { metadata: { name: 'bad' }, spec } })
  expectEqual(code, 422)
  expectText(answer.message, 'spec.request')
})

/** The next line of a stream, as JSON. */
function linesOf(reader) {
  const decoder = new TextDecoder()
  let text = ''
  const next = async () => {
    for (;;) {
      const end = text.indexOf('\n')
      if (end >= 0) {
        const line = text.slice(0, end)
        text = text.slice(end + 1)
        return JSON.parse(line)
      }
      const { done, value } = await reader.read()
      if (done) throw new Error('the watch ended')
      text += decoder.decode(value, { stream: true })
    }
  }
  return Object.assign(next, { leave: () => reader.cancel() })
}
